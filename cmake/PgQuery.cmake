# libpg_query 18: PostgreSQL's own grammar as a C library (BSD-3-Clause). Third-party source is never committed: it is
# taken from -DLIBGUARD_PG_QUERY_SOURCE=DIR, else from third_party/libpg_query (our sdist carries it), else fetched once
# by hash from the source distribution of `pglast`, whose own Python code is not used.
set(pg_query_dir "")
if(LIBGUARD_PG_QUERY_SOURCE)
  set(pg_query_dir "${LIBGUARD_PG_QUERY_SOURCE}")
elseif(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/third_party/libpg_query/pg_query.h")
  set(pg_query_dir "${CMAKE_CURRENT_SOURCE_DIR}/third_party/libpg_query")
else()
  set(pg_query_dir "${CMAKE_CURRENT_SOURCE_DIR}/.cache/libpg_query")
  if(NOT EXISTS "${pg_query_dir}/pg_query.h")
    find_package(Python3 COMPONENTS Interpreter REQUIRED)
    set(fetch "${CMAKE_CURRENT_SOURCE_DIR}/cmake/fetch_pg_query.py")
    foreach(candidate "${CMAKE_CURRENT_SOURCE_DIR}/.venv/bin/python" "${Python3_EXECUTABLE}")
      if(EXISTS "${candidate}" AND NOT EXISTS "${pg_query_dir}/pg_query.h")
        execute_process(COMMAND "${candidate}" "${fetch}" "${pg_query_dir}" RESULT_VARIABLE failed)
      endif()
    endforeach()
  endif()
endif()
if(NOT EXISTS "${pg_query_dir}/pg_query.h")
  message(FATAL_ERROR "libpg_query 18 is missing: name a copy with -DLIBGUARD_PG_QUERY_SOURCE=DIR, or install pip and "
                      "allow the network for one download of 4 s")
endif()

# The subset that raw parsing needs: no protobuf, no JSON, no deparser.
file(GLOB pg_query_sources "${pg_query_dir}/src/postgres/*.c")
list(APPEND pg_query_sources
  "${pg_query_dir}/src/pg_query.c" "${pg_query_dir}/src/pg_query_parse.c"
  "${pg_query_dir}/src/pg_query_raw_tree_walker_supports.c")
add_library(pg_query STATIC ${pg_query_sources} ${CMAKE_CURRENT_SOURCE_DIR}/cmake/pg_query_unused.c)
target_include_directories(pg_query SYSTEM PUBLIC
  "${pg_query_dir}" "${pg_query_dir}/src" "${pg_query_dir}/src/include" "${pg_query_dir}/src/postgres/include"
  "${pg_query_dir}/vendor")
target_compile_options(pg_query PRIVATE -w -O2 -fno-strict-aliasing -fwrapv)
set_target_properties(pg_query PROPERTIES C_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON)
