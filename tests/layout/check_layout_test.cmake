# cmake -DCHECK=check_layout.cmake -DWORK_DIR=FOLDER -P check_layout_test.cmake
# check_layout.cmake accepts a small tree that is in order, and names each fault put into it.
cmake_minimum_required(VERSION 3.25)

function(make_tree)
  file(REMOVE_RECURSE ${WORK_DIR})
  file(WRITE ${WORK_DIR}/src/CMakeLists.txt
    "oneproxy_room(base LIBRARIES x)\noneproxy_room(space USES base)\noneproxy_room(predict USES space)\n"
    "  oneproxy_room(train USES predict LIBRARIES \${TORCH_LIBRARIES})\n")
  file(WRITE ${WORK_DIR}/docs/design/layout.md
    "| room | holds | uses |\n|---|---|---|\n| `base/` | a | - |\n| `space/` | b | base |\n| `predict/` | c | space |\n"
    "| `train/` | d | predict |\n")
  file(WRITE ${WORK_DIR}/include/oneproxy/base/a.hpp "#include <string>\n")
  file(WRITE ${WORK_DIR}/src/predict/a.cpp "#include \"oneproxy/space/a.hpp\"\n#include \"oneproxy/base/a.hpp\"\n")
  file(WRITE ${WORK_DIR}/src/train/a.cpp "#include <torch/torch.h>\n// #include \"oneproxy/nothing/a.hpp\"\n")
  file(WRITE ${WORK_DIR}/apps/oneproxy/main.cpp "#include \"cli.hpp\"\n#include \"oneproxy/predict/a.hpp\"\n")
endfunction()

# expect(NAME PATTERN): the tree as it stands gets a message that matches, or none where PATTERN is empty.
function(expect name pattern)
  execute_process(COMMAND ${CMAKE_COMMAND} -DSOURCE_DIR=${WORK_DIR} -P ${CHECK}
    RESULT_VARIABLE status ERROR_VARIABLE messages OUTPUT_QUIET)
  string(REGEX REPLACE "[ \n]+" " " messages "${messages}")  # CMake wraps its messages
  if(pattern STREQUAL "")
    if(NOT status EQUAL 0)
      message(SEND_ERROR "${name}: expected no fault, got ${messages}")
    endif()
  elseif(status EQUAL 0 OR NOT messages MATCHES "${pattern}")
    message(SEND_ERROR "${name}: expected '${pattern}', got status ${status} and '${messages}'")
  endif()
endfunction()

make_tree()
expect("in order" "")
file(APPEND ${WORK_DIR}/include/oneproxy/base/a.hpp "  #  include \"oneproxy/space/a.hpp\"\n")
expect("upwards" "base/a.hpp: .*oneproxy/space/a.hpp\": expected one of the rooms base")

make_tree()
file(APPEND ${WORK_DIR}/src/predict/a.cpp "#include <oneproxy/train/a.hpp>\n")
expect("sideways, in angle brackets" "predict/a.cpp: .*expected one of the rooms predict")

make_tree()
file(APPEND ${WORK_DIR}/src/predict/a.cpp "#include \"../train/a.hpp\"\n")
expect("relative" "predict/a.cpp: .*or a file of the same folder")

make_tree()
file(APPEND ${WORK_DIR}/src/predict/a.cpp "#include <torch/script.h>\n")
expect("LibTorch elsewhere" "predict/a.cpp: .*LibTorch belongs into the room train")

make_tree()
file(APPEND ${WORK_DIR}/apps/oneproxy/main.cpp "#include \"oneproxy/train/a.hpp\"\n")
expect("train in the command line" "apps/oneproxy/main.cpp: .*expected one of the rooms")

make_tree()
file(WRITE ${WORK_DIR}/src/stray/a.cpp "\n")
expect("undeclared folder" "src/stray: not a room")

make_tree()
file(APPEND ${WORK_DIR}/src/CMakeLists.txt "oneproxy_room(search USES predict)\n")
expect("undocumented room" "layout.md: the room search")

make_tree()
file(APPEND ${WORK_DIR}/docs/design/layout.md "| `search/` | e | predict |\n")
expect("unbuilt room" "src/CMakeLists.txt: the room search")

make_tree()
file(READ ${WORK_DIR}/src/CMakeLists.txt text)
string(REPLACE "space USES base" "space USES base train" text "${text}")
file(WRITE ${WORK_DIR}/src/CMakeLists.txt "${text}")
expect("undocumented edge" "space uses 'base', but .*'base.train'")
expect("cycle" "the room space uses itself")
