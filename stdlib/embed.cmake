# Writes OUTPUT: a C++ file that holds the text of each of FILES.
set(text "#include \"stdlib/embedded.h\"\nnamespace dlc {\nconst std::vector<StandardFile> &standardLibrary() {\n  static const std::vector<StandardFile> files = {\n")
foreach(file ${FILES})
  get_filename_component(name ${file} NAME)
  file(READ ${file} content)
  string(APPEND text "    {\"stdlib/${name}\", R\"NN(${content})NN\"},\n")
endforeach()
string(APPEND text "  };\n  return files;\n}\n} // namespace dlc\n")
file(WRITE ${OUTPUT} "${text}")
