# saker_library(SOURCES ... TESTS ... LINK ...): the one target of the calling folder.
#
# The folder is seen as <name>/x.h through a private view directory, so a layer reaches only what
# Layers.cmake lets it. Tests named here run without root, kernel or ../shared.
function(saker_library)
  cmake_parse_arguments(ARG "" "" "SOURCES;TESTS;LINK;PUBLIC_LINK" ${ARGN})
  get_filename_component(name "${CMAKE_CURRENT_SOURCE_DIR}" NAME)
  if(NOT name IN_LIST LAYERS)
    message(FATAL_ERROR "folder '${name}' is not in cmake/Layers.cmake")
  endif()
  set(view "${PROJECT_BINARY_DIR}/view/${name}")
  file(MAKE_DIRECTORY "${view}")
  file(CREATE_LINK "${CMAKE_CURRENT_SOURCE_DIR}" "${view}/${name}" SYMBOLIC)
  list(TRANSFORM MAY_USE_${name} PREPEND "saker::" OUTPUT_VARIABLE layers)
  if(ARG_SOURCES)
    add_library(saker_${name} STATIC ${ARG_SOURCES})
    target_include_directories(saker_${name} PUBLIC "${view}")
    target_link_libraries(saker_${name} PUBLIC ${layers} ${ARG_PUBLIC_LINK} PRIVATE ${ARG_LINK} saker_options)
  else()
    add_library(saker_${name} INTERFACE)
    target_include_directories(saker_${name} INTERFACE "${view}")
    target_link_libraries(saker_${name} INTERFACE ${layers} ${ARG_PUBLIC_LINK})
  endif()
  add_library(saker::${name} ALIAS saker_${name})
  if(ARG_TESTS AND SAKER_TESTS)
    saker_unit_test(${name} SOURCES ${ARG_TESTS} LINK saker::${name})
  endif()
endfunction()

# saker_unit_test(NAME SOURCES ... LINK ...): <name>_test, run by ctest.
function(saker_unit_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name}_test ${ARG_SOURCES})
  target_link_libraries(${name}_test PRIVATE ${ARG_LINK} saker_options GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name}_test PRIVATE
    SAKER_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    SAKER_SHARED_DIR="${PROJECT_SOURCE_DIR}/../shared")
  add_test(NAME ${name} COMMAND ${name}_test)
  set_tests_properties(${name} PROPERTIES LABELS unit)
endfunction()
