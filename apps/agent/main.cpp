#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>

#include "../oneproxy/command_tree.hpp"
#include "../oneproxy/number_checks.hpp"
#include "oneproxy/base/error.hpp"
#include "oneproxy/measure/device.hpp"
#include "server.hpp"

namespace {

oneproxy::agent::Server* running = nullptr;

int serve(int argc, char** argv) {
  CLI::App app{"Lets oneproxy on another machine measure networks on this one."};
  app.name("oneproxy-agent");
  app.set_version_flag("--version", std::string("oneproxy-agent ") + ONEPROXY_VERSION);
  app.footer(
      "Examples:\n  oneproxy-agent\n  oneproxy-agent --listen 0.0.0.0 --token-file token --certificate cert.pem --key "
      "key.pem\nand on the other machine:\n  oneproxy measure --device \"agent(url=https://HOST:7717, "
      "token_file=token, ca_file=cert.pem)\" ...");
  oneproxy::agent::Options options;
  bool quiet = false;
  app.add_option("--listen", options.listen, "Address to listen on; another than loopback needs a token")
      ->capture_default_str();
  app.add_option("--port", options.port, "Port; 0 takes any free one")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  app.add_option("--token-file", options.token_file, "File with the token that clients must give");
  app.add_option("--certificate", options.certificate, "PEM file of certificates: speak TLS");
  app.add_option("--key", options.key, "PEM file of the certificate's key");
  app.add_option("--device", options.devices,
                 "Offer these devices alone, the first as default (default: all engines and the devices on paper)");
  app.add_option("--largest-request-mb", options.largest_request_mb, "Refuse larger requests")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--longest-s", options.longest_s, "End a request after so many seconds")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--at-once", options.at_once, "Requests at once; more than 1 disturb one another")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_flag("-q,--quiet", quiet, "Print nothing but errors");
  oneproxy::cli::add_reference(app);
  oneproxy::refuse_odd_numbers(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::cerr << "oneproxy-agent: " << error.what() << " (see oneproxy-agent --help)\n";
    return 2;
  }
  for (const auto& device : options.devices) oneproxy::make_device(device);  // a wrong one is told now, not to a client
  oneproxy::agent::Server server(options);
  const std::string url = server.bind();
  if (!quiet) std::cout << "listening on " << url << std::endl;
  running = &server;
  for (const int number : {SIGINT, SIGTERM}) std::signal(number, [](int) { running->stop(); });
  std::signal(SIGPIPE, SIG_IGN);
  server.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return serve(argc, argv);
  } catch (const oneproxy::InputError& error) {
    std::cerr << "oneproxy-agent: " << error.what() << '\n';
    return 2;
  }
}
