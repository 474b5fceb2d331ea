# The architecture as a table: a layer may use only layers declared above it, so no include
# cycle can be written at all. saker_library() (Library.cmake) turns a row into a CMake target
# whose include path holds that folder alone; an undeclared include does not compile.
set(LAYERS "")

function(layer name)
  cmake_parse_arguments(ARG "" "" "MAY_USE" ${ARGN})
  foreach(used IN LISTS ARG_MAY_USE)
    if(NOT used IN_LIST LAYERS)
      message(FATAL_ERROR "layer '${name}' may not use '${used}': it is not declared above it")
    endif()
  endforeach()
  set(LAYERS ${LAYERS} ${name} PARENT_SCOPE)
  set(MAY_USE_${name} "${ARG_MAY_USE}" PARENT_SCOPE)
endfunction()

layer(base)
layer(http    MAY_USE base)                              # a small server and a client; knows no alert
layer(spool   MAY_USE base)                              # alerts on disk
layer(delivery MAY_USE base http spool)                 # from the spool to Loki and other sinks
layer(relay   MAY_USE base http spool delivery)          # saker-relay: intake, configuration, metrics
layer(wire)                                             # header only: probe/wire
layer(event   MAY_USE base wire)
layer(state   MAY_USE base event)
layer(capture MAY_USE base wire event state)            # the only reader of the host; fills state from /proc
layer(fields  MAY_USE base event state)
layer(rules   MAY_USE base wire event fields)           # sees fields, never the tables behind them
layer(alert   MAY_USE base http spool delivery event fields rules)
layer(observe MAY_USE base event state capture rules alert)  # reads what the others count; they do not know it
layer(app     MAY_USE base http spool delivery wire event capture state fields rules alert observe)
