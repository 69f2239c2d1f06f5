# Copies FROM to TO with PATTERN replaced by BECOMES. A pattern that is not there (any more) is an error: the mutant
# would be the shipped code.
file(READ "${FROM}" text)
string(FIND "${text}" "${PATTERN}" at)
if(at EQUAL -1)
  message(FATAL_ERROR "${FROM} has no such text any more: ${PATTERN}")
endif()
string(REPLACE "${PATTERN}" "${BECOMES}" text "${text}")
file(WRITE "${TO}" "${text}")
