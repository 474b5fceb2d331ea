# bash completion for saker; into /usr/share/bash-completion/completions/saker
_saker() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command="" word
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      doctor|status|top|events|list|rules) command=$word ;;
      fields|plan|show|explain|test|lint) [ -n "$command" ] && command="$command $word" ;;
    esac
  done
  COMPREPLY=()
  case $prev in
    -c|-P|--pidfile|--event) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    -r|-V|--validate) mapfile -t COMPREPLY < <(compgen -f -X '!*.y*ml' -- "$cur"; compgen -d -- "$cur"); return ;;
    --enable-source|--disable-source|--list) mapfile -t COMPREPLY < <(compgen -W "syscall" -- "$cur"); return ;;
    --plugin-info) mapfile -t COMPREPLY < <(compgen -W "container" -- "$cur"); return ;;
    --store) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
    --priority) mapfile -t COMPREPLY < <(compgen -W "emergency alert critical error warning notice informational debug" -- "$cur"); return ;;
    -M|-l|-p|-o|--option|--since|--until|--rule|--grep|--limit) return ;;
  esac
  local words
  case $command in
    "") words="doctor status top events list rules -h --help -c -r -V --validate -o --option --dry-run --list -N --markdown
          --list-events -i -L -l --list-plugins --plugin-info --enable-source --disable-source -M -P --pidfile -U
          --unbuffered -p --config-schema --rule-schema --support --page-size -v --version" ;;
    doctor) words="--programs --without" ;;
    top) words="-M -c -o" ;;
    events) words="--store --since --until --rule --priority --grep --limit --json" ;;
    list) words="fields" ;;
    "list fields") words="--status" ;;
    rules) words="plan list show explain test lint -c -r -o" ;;
    "rules explain") words="--event -c -r -o" ;;
    "rules lint") words="--strict -c -r -o" ;;
    "rules test") mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    *) words="-c -r -o" ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -o filenames -F _saker saker
