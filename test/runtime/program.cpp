// Runs a program and catches what it prints.
#include "test/runtime/program.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dlc::runtime {

// A file without a name, which a child can write and the parent read afterwards.
static int unnamedFile() {
  char name[] = "/tmp/dlc-test-XXXXXX";
  int file = mkstemp(name);
  unlink(name);
  return file;
}

static std::string contents(int file) {
  std::string text(size_t(lseek(file, 0, SEEK_END)), '\0');
  if (pread(file, text.data(), text.size(), 0) != ssize_t(text.size()))
    perror("pread");
  close(file);
  return text;
}

Program::Program(const std::string &folder, const std::vector<std::string> &arguments,
                 const char *model, int killAt)
    : out_(unnamedFile()), err_(unnamedFile()) {
  std::vector<char *> argv = {const_cast<char *>(HAND_PROGRAM)};
  for (const std::string &argument : arguments)
    argv.push_back(const_cast<char *>(argument.c_str()));
  argv.push_back(nullptr);
  process_ = fork();
  if (process_ != 0)
    return;
  dup2(out_, STDOUT_FILENO);
  dup2(err_, STDERR_FILENO);
  setenv("HAND_MODEL", model, 1);
  setenv("HAND_KILL_AT", std::to_string(killAt).c_str(), 1);
  if (chdir(folder.c_str()) == 0)
    execv(argv[0], argv.data());
  perror(argv[0]);
  _exit(127);
}

Program::~Program() {
  if (process_ > 0) {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
}

void Program::signal(int number) const { kill(process_, number); }

Outcome Program::wait() {
  int status = 0;
  waitpid(process_, &status, 0);
  process_ = -1;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), contents(out_),
          contents(err_)};
}

} // namespace dlc::runtime
