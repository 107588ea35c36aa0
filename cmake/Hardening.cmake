# Compiler warnings for our own code and hardening flags for what ships.
add_library(libguard_flags INTERFACE)
target_compile_options(libguard_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual)
if(LIBGUARD_WERROR)
  target_compile_options(libguard_flags INTERFACE -Werror)
endif()
# What ships knows nothing of the machine that built it: __FILE__ and debug paths are relative to the checkout.
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
if(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  add_compile_options(-fstack-protector-strong -D_GLIBCXX_ASSERTIONS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  add_link_options(-Wl,-z,relro,-z,now)
endif()
