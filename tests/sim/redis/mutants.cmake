# The pipeline with a fault put into it: the simulation has to find each (see ../mutants.cmake).

set(mutants)
set(pipeline ${PROJECT_SOURCE_DIR}/src/store/redis/pipeline.cpp)

# pipeline_mutant(NAME PATTERN text [BECOMES text])
function(pipeline_mutant name)
  cmake_parse_arguments(ARG "" "PATTERN;BECOMES" "" ${ARGN})
  set(changed ${CMAKE_CURRENT_BINARY_DIR}/mutants/${name}/pipeline.cpp)
  add_custom_command(
    OUTPUT ${changed}
    COMMAND ${CMAKE_COMMAND} "-DFROM=${pipeline}" "-DTO=${changed}" "-DPATTERN=${ARG_PATTERN}" "-DBECOMES=${ARG_BECOMES}"
            -P ${CMAKE_CURRENT_SOURCE_DIR}/../mutate.cmake
    DEPENDS ${pipeline} ${CMAKE_CURRENT_SOURCE_DIR}/../mutate.cmake
    VERBATIM)
  add_executable(sim_redis_mutant_${name} ${changed})
  target_include_directories(sim_redis_mutant_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(sim_redis_mutant_${name} PRIVATE holdfast_sim_redis)
  set(mutants ${mutants} ${name} PARENT_SCOPE)
endfunction()

# --- who works
pipeline_mutant(no_successor PATTERN "if (broken_) return" BECOMES "if (true) return")
pipeline_mutant(successor_sleeps PATTERN "wake(*reader_)" BECOMES "")
pipeline_mutant(nobody_sends PATTERN "if (slots_[i].who != nullptr) return" BECOMES "if (false) return")
pipeline_mutant(two_readers PATTERN "(reader_ == nullptr || reader_ == &me)" BECOMES "true")
pipeline_mutant(two_senders PATTERN "|| sender_ != nullptr || broken_" BECOMES "|| broken_")
pipeline_mutant(handed_and_asleep PATTERN "if (who != &me) wake(*who)" BECOMES "")
pipeline_mutant(broken_and_asleep PATTERN "wake(*each.who)" BECOMES "")

# --- whose reply it is
pipeline_mutant(place_given_up PATTERN "mine->who = nullptr" BECOMES "slots_.erase(mine), --in_flight_")
pipeline_mutant(not_in_order PATTERN "who->what = std::move(each)"
                BECOMES "who->what = std::move(replies[replies.size() - 1])")

# --- what became of it
pipeline_mutant(never_unknown PATTERN "maybe ? answer::outcome::unknown : answer::outcome::not_sent"
                BECOMES "answer::outcome::not_sent")
pipeline_mutant(always_unknown PATTERN "maybe ? answer::outcome::unknown : answer::outcome::not_sent"
                BECOMES "answer::outcome::unknown")
pipeline_mutant(written_is_not_there PATTERN "if (how != written::none) may_be_there_ = taken_" BECOMES "")
pipeline_mutant(being_written_is_not_there PATTERN "sender_ != nullptr ? taken_ : may_be_there_" BECOMES "may_be_there_")
pipeline_mutant(cut_in_the_wrong_place PATTERN "slots_[i].begin -= end - begin" BECOMES "")

# --- when
pipeline_mutant(impatient PATTERN "now < slots_.front().sent + how_.reply_timeout" BECOMES "false")
pipeline_mutant(patient_for_ever PATTERN "&& now >= me.by) give_up(me)" BECOMES "&& false) give_up(me)")

set(targets)
foreach(name IN LISTS mutants)
  list(APPEND targets $<TARGET_FILE:sim_redis_mutant_${name}>)
endforeach()
add_test(NAME ${HOLDFAST_TEST_PREFIX}sim_redis_mutants
  COMMAND ${CMAKE_COMMAND} "-DSIM=" "-DBREAK=" "-DMUTANTS=$<JOIN:${targets},,>"
          -P ${CMAKE_CURRENT_SOURCE_DIR}/../run_mutants.cmake)
set_tests_properties(${HOLDFAST_TEST_PREFIX}sim_redis_mutants PROPERTIES TIMEOUT 600)
