# saker_bpf_object(NAME SOURCE x.bpf.c DEFINITION D [VARIANT NAME DEFINITION]): compiles the object for the target's architecture
# with the definition, and makes <view>/probe/NAME.skel.h of it. A variant is the same with another definition. It may
# differ in its instructions alone: maps, programs and variables are compared. Needs clang (19, or 14) and
# bpftool to build, nothing at run time.
find_program(BPF_CLANG NAMES clang-19 clang-16 clang-14 clang REQUIRED)
find_program(LLVM_STRIP NAMES llvm-strip-19 llvm-strip-16 llvm-strip-14 llvm-strip REQUIRED)
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin REQUIRED)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  set(BPF_ARCH arm64)
else()
  set(BPF_ARCH x86)
endif()

function(saker_bpf_object name)
  cmake_parse_arguments(ARG "" "SOURCE;DEFINITION" "VARIANT" ${ARGN})
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.h")
  set(view "${PROJECT_BINARY_DIR}/view/skeleton")
  file(MAKE_DIRECTORY "${view}/probe")
  list(POP_FRONT ARG_VARIANT variant variant_definition)
  set(definition_${name} ${ARG_DEFINITION})
  set(definition_${variant} ${variant_definition})
  foreach(made ${name} ${variant})
    set(object "${CMAKE_CURRENT_BINARY_DIR}/${made}.bpf.o")
    set(skeleton "${view}/probe/${made}.skel.h")
    set(layout "${CMAKE_CURRENT_BINARY_DIR}/${made}.layout")
    add_custom_command(
      OUTPUT "${object}" "${skeleton}" "${layout}"
      # With its source, so that the verifier can name a line; without what only a debugger reads.
      COMMAND ${BPF_CLANG} -target bpf -mcpu=v3 -gdwarf-5 -gembed-source -O2 -std=gnu11 -Wall -Wextra -Werror -Wno-unused-parameter
              -D__TARGET_ARCH_${BPF_ARCH} -D${definition_${made}} -ffile-prefix-map=${PROJECT_SOURCE_DIR}/= -I "${CMAKE_CURRENT_SOURCE_DIR}"
              -c "${CMAKE_CURRENT_SOURCE_DIR}/${ARG_SOURCE}" -o "${object}"
      COMMAND ${LLVM_STRIP} -g "${object}"
      COMMAND ${BPFTOOL} gen skeleton "${object}" name saker_${made} > "${skeleton}"
      COMMAND sed -n "/^struct saker_/,/__cplusplus/{s/saker_${made}/saker_${name}/g;p}" "${skeleton}" > "${layout}"
      DEPENDS "${ARG_SOURCE}" ${headers}
      COMMENT "BPF object and skeleton: ${made}"
      VERBATIM)
    list(APPEND skeletons "${skeleton}")
    list(APPEND layouts "${layout}")
  endforeach()
  set(compared "${CMAKE_CURRENT_BINARY_DIR}/${name}.compared")
  add_custom_command(OUTPUT "${compared}" COMMAND cmp ${layouts} COMMAND ${CMAKE_COMMAND} -E touch "${compared}"
                     DEPENDS ${layouts} VERBATIM)
  add_custom_target(${name}_skeleton DEPENDS ${skeletons} "${compared}")
  add_library(saker_${name}_skeleton INTERFACE)
  add_dependencies(saker_${name}_skeleton ${name}_skeleton)
  target_include_directories(saker_${name}_skeleton SYSTEM INTERFACE "${view}")
  target_link_libraries(saker_${name}_skeleton INTERFACE PkgConfig::LIBBPF)
endfunction()
