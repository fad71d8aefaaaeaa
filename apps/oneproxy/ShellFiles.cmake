# Manual pages and completion scripts, made by the program that they describe.
include(GNUInstallDirs)
set(folder ${PROJECT_BINARY_DIR}/share)
set(scripts ${folder}/bash-completion/completions/oneproxy ${folder}/zsh/site-functions/_oneproxy
  ${folder}/fish/vendor_completions.d/oneproxy.fish)
set(make "")
foreach(shell bash zsh fish)
  list(POP_FRONT scripts script)
  list(APPEND scripts ${script})
  get_filename_component(parent ${script} DIRECTORY)
  file(MAKE_DIRECTORY ${parent})
  list(APPEND make COMMAND oneproxy completion ${shell} > ${script})
endforeach()
add_custom_command(OUTPUT ${folder}/man/man1/oneproxy.1 ${scripts}
  COMMAND oneproxy manual --folder ${folder}/man/man1 ${make} DEPENDS oneproxy
  COMMENT "Manual pages and completion scripts" VERBATIM)
add_custom_target(oneproxy_shell_files ALL DEPENDS ${folder}/man/man1/oneproxy.1 ${scripts})
install(DIRECTORY ${folder}/ DESTINATION ${CMAKE_INSTALL_DATAROOTDIR})
