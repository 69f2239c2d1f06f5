# Embeds scripts/*.lua: each verb's with what it includes (`--@include FILE`), and the SHA-1 by which servers know it.
set(script_folder ${CMAKE_CURRENT_LIST_DIR}/scripts)
set(embedded ${CMAKE_CURRENT_BINARY_DIR}/scripts.cpp)
file(GLOB script_files CONFIGURE_DEPENDS ${script_folder}/*.lua)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${script_files})
set(definitions "")
foreach(verb acquire claim renew heartbeat release withdraw inspect break)
  file(READ ${script_folder}/${verb}.lua text)
  foreach(part record hand_on take_up)
    file(READ ${script_folder}/${part}.lua part_text)
    string(REPLACE "--@include ${part}.lua\n" "${part_text}" text "${text}")
  endforeach()
  string(SHA1 sha1 "${text}")
  string(APPEND definitions
    "const script ${verb}_script{\"${verb}\", R\"lua(${text})lua\", \"${sha1}\"};\n")
endforeach()
file(CONFIGURE OUTPUT ${embedded} @ONLY CONTENT [[
#include "store/redis/scripts.hpp"

namespace holdfast::redis {

@definitions@
}  // namespace holdfast::redis
]])
