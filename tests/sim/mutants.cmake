# The machines with a fault put into them: the simulation has to find each. A mutant is one replacement in one file of
# src/core; the changed file, and the machines that it is part of, are compiled again and linked before the library's.

set(mutants)

# sim_mutant(NAME FILE file IN machine... PATTERN text [BECOMES text])
function(sim_mutant name)
  cmake_parse_arguments(ARG "" "FILE;PATTERN;BECOMES" "IN" ${ARGN})
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/mutants/${name})
  set(changed ${folder}/core/${ARG_FILE})
  add_custom_command(
    OUTPUT ${changed}
    COMMAND ${CMAKE_COMMAND} "-DFROM=${PROJECT_SOURCE_DIR}/src/core/${ARG_FILE}" "-DTO=${changed}"
            "-DPATTERN=${ARG_PATTERN}" "-DBECOMES=${ARG_BECOMES}" -P ${CMAKE_CURRENT_SOURCE_DIR}/mutate.cmake
    DEPENDS ${PROJECT_SOURCE_DIR}/src/core/${ARG_FILE} ${CMAKE_CURRENT_SOURCE_DIR}/mutate.cmake
    VERBATIM)
  set(sources)
  foreach(machine IN LISTS ARG_IN)
    if(machine STREQUAL ARG_FILE)
      list(APPEND sources ${changed})
    else()
      list(APPEND sources ${PROJECT_SOURCE_DIR}/src/core/${machine})
    endif()
  endforeach()
  add_executable(sim_mutant_${name} ${sources} ${changed})
  # Before the shipped headers.
  target_include_directories(sim_mutant_${name} BEFORE PRIVATE ${folder} ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(sim_mutant_${name} PRIVATE holdfast_sim holdfast_sim_memory)
  set(mutants ${mutants} ${name} PARENT_SCOPE)
endfunction()

# --- acquisition
sim_mutant(deadline_from_the_reply FILE acquire_machine.cpp IN acquire_machine.cpp
  PATTERN ".sent = answer.sent" BECOMES ".sent = now")
sim_mutant(late_grant_returned FILE acquire_machine.cpp IN acquire_machine.cpp
  PATTERN "if (lease_deadline(answer.sent, answer.ttl) - now < least_useful(answer.ttl)) {" BECOMES "if (false) {")
sim_mutant(no_undo FILE acquire_machine.cpp IN acquire_machine.cpp
  PATTERN "return {.what = todo::send_withdraw}" BECOMES "return {.what = todo::finish}")
sim_mutant(leftover_forgotten FILE acquire_machine.cpp IN acquire_machine.cpp
  PATTERN "end_.leftover = !clean" BECOMES "end_.leftover = false")

# --- lease
sim_mutant(no_margin FILE lease_time.hpp IN acquire_machine.cpp lease_machine.cpp
  PATTERN "return sent + ttl - ttl / 100 - std::chrono::milliseconds{2}" BECOMES "return sent + ttl")
sim_mutant(renewal_from_the_reply FILE lease_machine.cpp IN lease_machine.cpp
  PATTERN "if (sent > sent_) sent_ = sent" BECOMES "sent_ = now")
sim_mutant(lost_comes_back FILE lease_machine.cpp IN lease_machine.cpp
  PATTERN "if (on_time(now) == state::lost) return" BECOMES "")
sim_mutant(shorter_ttl_counts_late FILE lease_machine.cpp IN lease_machine.cpp
  PATTERN "if (ttl < ttl_) deadline_ = std::min(deadline_, lease_deadline(now, ttl))")
sim_mutant(shorter_ttl_not_doubted FILE lease_machine.cpp IN lease_machine.cpp
  PATTERN "doubted_ = std::min(doubted_, ttl)")

# --- gate
sim_mutant(lost_lease_passed_on FILE gate.cpp IN gate.cpp
  PATTERN "sound && !queue_.empty()" BECOMES "!queue_.empty()")
sim_mutant(tokens_not_reserved FILE gate.cpp IN gate.cpp
  PATTERN "offset <= grant_.reserve && " BECOMES "")
sim_mutant(token_twice FILE gate.cpp IN gate.cpp
  PATTERN "turns_ = offset")
sim_mutant(shorter_ttl_passed_on FILE gate.hpp IN gate.cpp
  PATTERN "&& what.ttl <= ttl")

set(targets)
foreach(name IN LISTS mutants)
  list(APPEND targets $<TARGET_FILE:sim_mutant_${name}>)
endforeach()
# The store's and the driver's part: claim, owner checks, tokens, the look after a wake-up.
add_test(NAME ${HOLDFAST_TEST_PREFIX}sim_mutants
  COMMAND ${CMAKE_COMMAND} "-DSIM=$<TARGET_FILE:sim>" "-DBREAK=claim,release,renew,tokens,recheck,hand-off"
          "-DMUTANTS=$<JOIN:${targets},,>" -P ${CMAKE_CURRENT_SOURCE_DIR}/run_mutants.cmake)
set_tests_properties(${HOLDFAST_TEST_PREFIX}sim_mutants PROPERTIES TIMEOUT 600)
