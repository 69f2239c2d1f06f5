#include "arguments.hpp"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <stdexcept>

#include "duration_text.hpp"
#include "log.hpp"

// The only file that includes CLI11, which is slow to compile.
namespace holdfast::cli {
namespace {

using namespace std::chrono_literals;

class usage_error : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

const char* const store_help =
    "The store: sqlite:PATH, ... (default: $HOLDFAST_STORE, else sqlite:$XDG_STATE_HOME/holdfast/locks.db)";

const char* const run_footer = R"(Durations: 500ms, 10s, 5m, 1h, 1.5s; a bare number is seconds.

The command gets HOLDFAST_NAME, HOLDFAST_TOKEN, HOLDFAST_OWNER and HOLDFAST_STORE in its environment, a process
group of its own, and the signals sent to holdfast. If the lease is lost while it runs, it and all its descendants
get SIGTERM, then SIGKILL, before the store can give the lock to another.

Exit codes:
  the command's own, or 128+N if signal N ended it
  75   busy, or not acquired within -w (another code by -E)
  80   the lease was lost while the command ran
  64   usage              69   the store can't be reached
  77   not authorised     78   bad configuration
  70   internal fault     128+N  interrupted by signal N while waiting
  126  the command can't be executed     127  the command was not found)";

/// CLI11 knows nothing of the command after `--`.
class formatter : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App* app, std::string name) const override {
    if (app->get_name() == "run") return "Usage: holdfast run [OPTIONS] NAME -- COMMAND [ARGUMENT...]\n";
    return CLI::Formatter::make_usage(app, std::move(name));
  }
};

const char* const main_footer = R"(Examples:
  holdfast run backup -- /usr/local/bin/backup.sh
  holdfast run -w 10s deploy/web -- make deploy
  holdfast ls
`holdfast help COMMAND` tells more of each.)";

duration read_duration(const std::string& option, const std::string& text) {
  const auto span = parse_duration(text);
  if (!span)
    throw usage_error{option + ": '" + text + "' is no duration (500ms, 10s, 5m, 1h; a bare number is seconds)"};
  return *span;
}

template <class Number>
Number read_number(const std::string& option, const std::string& text, Number least, Number most) {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto [at, fault] = std::from_chars(text.data(), end, value);
  if (fault != std::errc{} || at != end || value < least || value > most)
    throw usage_error{option + ": '" + text + "' is no number from " + std::to_string(least) + " to " +
                      std::to_string(most)};
  return value;
}

/// Options as text; turned into values only once all of the line was understood.
struct run_texts {
  std::string wait, ttl, slots, busy_code;
  bool no_wait = false;
};

struct parser {
  CLI::App app{"Locks that hold across processes and hosts.", "holdfast"};
  run_options run;
  run_texts texts;
  ls_options ls;
  show_options show;
  break_options brk;
  schema_options schema;
  gc_options gc;
  std::string token;
  std::string topic;
  bool version = false;
  CLI::App* run_app = nullptr;
  CLI::App* ls_app = nullptr;
  CLI::App* show_app = nullptr;
  CLI::App* break_app = nullptr;
  CLI::App* schema_app = nullptr;
  CLI::App* gc_app = nullptr;
  CLI::App* version_app = nullptr;
  CLI::App* help_app = nullptr;
  CLI::Option* name_option = nullptr;  ///< run's

  /// `only_run`: the other commands are left out, for they cost a tenth of the time that `run` takes.
  explicit parser(bool only_run) {
    app.formatter(std::make_shared<formatter>());
    app.footer(main_footer);
    app.set_help_flag("-h,--help", "Print this help");
    app.add_flag("--version", version, "Print the version");
    app.require_subcommand(0, 1);
    add_run();
    if (only_run) return;
    add_listings();
    add_upkeep();
    version_app = app.add_subcommand("version", "Print the version");
    help_app = app.add_subcommand("help", "Tell about a command");
    help_app->add_option("COMMAND", topic, "The command to tell about");
  }

  void add_run() {
    run_app = app.add_subcommand("run", "Run a command while holding a lock");
    run_app->footer(run_footer);
    run_app->add_option("-s,--store", run.store, store_help)->type_name("URL");
    auto* wait = run_app->add_option("-w,--wait", texts.wait, "Wait at most that long (default: for ever)");
    wait->type_name("DURATION");
    run_app->add_flag("-n,--no-wait", texts.no_wait, "Do not wait")->excludes(wait);
    run_app
        ->add_option("--ttl", texts.ttl,
                     "How long the store keeps the lock if holdfast dies (default: 30s; at least 1s)")
        ->type_name("DURATION");
    auto* shared = run_app->add_flag("--shared", run.shared, "Hold it together with other --shared holders");
    run_app->add_option("--slots", texts.slots, "Hold one of N places")->type_name("N")->excludes(shared);
    run_app->add_option("-E,--busy-code", texts.busy_code, "Exit with this code instead of 75 if not acquired")
        ->type_name("CODE");
    run_app->add_flag("-v,--verbose", run.verbose, "Tell on stderr what happens");
    run_app->add_option("--json", run.json_file, "Write the outcome to this file as JSON")->type_name("FILE");
    name_option = run_app->add_option("NAME", run.name, "The resource to lock: 1 to 255 bytes")->type_name("");
  }

  void add_listings() {
    ls_app = app.add_subcommand("ls", "List what is held or waited for");
    ls_app->add_option("-s,--store", ls.store, store_help)->type_name("URL");
    ls_app->add_flag("--json", ls.json, "As JSON");
    ls_app->add_option("PREFIX", ls.prefix, "Only names that start with this")->type_name("");
    show_app = app.add_subcommand("show", "Tell who holds a resource and who waits for it");
    show_app->add_option("-s,--store", show.store, store_help)->type_name("URL");
    show_app->add_flag("--json", show.json, "As JSON");
    show_app->add_option("NAME", show.name, "The resource")->required()->type_name("");
    break_app = app.add_subcommand("break", "End another's lease, if it is still the one you mean");
    break_app->footer("`holdfast show NAME` prints token and owner. Exits with 1 if nobody holds NAME with them.");
    break_app->add_option("-s,--store", brk.store, store_help)->type_name("URL");
    auto* by_token = break_app->add_option("--token", token, "The lease's fencing token")->type_name("N");
    break_app->add_option("--owner", brk.owner, "The lease's owner id")->type_name("ID")->excludes(by_token);
    break_app->add_option("NAME", brk.name, "The resource")->required()->type_name("");
  }

  void add_upkeep() {
    schema_app = app.add_subcommand("schema", "Print the SQL that makes the store's tables, to be applied by hand");
    schema_app->add_option("-s,--store,STORE", schema.store, store_help)->type_name("URL");
    gc_app = app.add_subcommand("gc", "Forget names that nobody has used for long");
    gc_app->add_option("-s,--store,STORE", gc.store, store_help)->type_name("URL");
  }
};

nothing_to_do print(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (!written) say("can't write to standard output");
  return {written ? exit_ok : exit_internal};
}

request_line help(parser& of) {
  if (of.topic.empty()) return print(of.app.help());
  for (const CLI::App* topic : of.app.get_subcommands([](const CLI::App*) { return true; })) {
    if (topic->get_name() == of.topic) return print(topic->help("holdfast"));
  }
  throw usage_error{"no such command: '" + of.topic + "' (try `holdfast help`)"};
}

std::string hint_for(const std::string& first) {
  if (first == "run") return " (holdfast run [OPTIONS] NAME -- COMMAND [ARGUMENT...])";
  for (const char* command : {"ls", "show", "break", "version", "help"})
    if (first == command) return " (try `holdfast help` or `holdfast " + first + " --help`)";
  return " (try `holdfast help`)";
}

/// What stands where nothing should may be a store's URL whose -s was forgotten.
std::string without_password(const std::string& word) {
  const auto scheme = word.find(':');
  const bool doubtful = scheme != std::string::npos && word.find_first_of("@?", scheme) != std::string::npos;
  return doubtful ? word.substr(0, scheme + 1) + "***" : word;
}

usage_error unexpected(const CLI::App& app, const std::string& first) {
  std::string told = "not expected:";
  for (const std::string& word : app.remaining(true)) told.append(" ").append(without_password(word));
  return usage_error{told + hint_for(first)};
}

/// `run [OPTIONS] -- NAME -- COMMAND`: so a script can lock any name, also one that looks like an option.
void take_late_name(parser& of, std::vector<std::string>& words) {
  if (of.name_option->count() != 0) return;
  if (words.size() < 2 || words[1] != "--") throw usage_error{"NAME is required" + hint_for("run")};
  of.run.name = std::move(words.front());
  words.erase(words.begin(), words.begin() + 2);
}

run_options finish_run(parser& of, std::vector<std::string> words, bool separated) {
  take_late_name(of, words);
  if (!separated || words.empty())
    throw usage_error{"run: no command; it goes after `--`: holdfast run NAME -- COMMAND [ARGUMENT...]"};
  run_options out = std::move(of.run);
  out.words = std::move(words);
  if (!of.texts.wait.empty()) out.wait = read_duration("-w", of.texts.wait);
  if (of.texts.no_wait) out.wait = duration::zero();
  if (!of.texts.ttl.empty()) out.ttl = read_duration("--ttl", of.texts.ttl);
  if (out.ttl < 1s) throw usage_error{"--ttl: '" + of.texts.ttl + "' is too short: at least 1s"};
  if (out.ttl > longest_ttl) throw usage_error{"--ttl: '" + of.texts.ttl + "' is too long: at most 365 days"};
  if (!of.texts.slots.empty()) out.slots = read_number<std::uint32_t>("--slots", of.texts.slots, 1, 1'000'000);
  if (!of.texts.busy_code.empty()) out.busy_code = read_number<int>("-E", of.texts.busy_code, 0, 255);
  return out;
}

break_options finish_break(parser& of) {
  break_options out = std::move(of.brk);
  if (of.token.empty() && out.owner.empty())
    throw usage_error{"break: say which lease: --token N or --owner ID (`holdfast show NAME` tells)"};
  if (!of.token.empty()) out.token = read_number<std::uint64_t>("--token", of.token, 1, (1ULL << 53) - 1);
  return out;
}

// `-s "$URL"` with an unset variable is a mistake, not a wish for the default.
void refuse_empty_values(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options())
    for (const std::string& value : option->results())
      if (value.empty() && option->nonpositional()) throw usage_error{option->get_name() + ": empty value"};
}

request_line read(parser& of, std::vector<std::string> words, std::vector<std::string> command, bool separated) {
  const std::string first = words.empty() ? std::string{} : words.front();
  std::reverse(words.begin(), words.end());  // as CLI11 wants a vector
  try {
    of.app.parse(std::move(words));
  } catch (const CLI::CallForHelp&) {
    const auto chosen = of.app.get_subcommands();
    return print(chosen.empty() ? of.app.help() : chosen.front()->help("holdfast"));
  } catch (const CLI::ExtrasError&) {
    throw unexpected(of.app, first);
  }
  const auto chosen = of.app.get_subcommands();
  if (of.version) return version_options{};
  if (chosen.empty())
    throw usage_error{"no command given: run, ls, show, break, schema, gc, version or help (try `holdfast help`)"};
  const CLI::App* which = chosen.front();
  refuse_empty_values(*which);
  if (which == of.run_app) return finish_run(of, std::move(command), separated);
  if (which == of.ls_app) return of.ls;
  if (which == of.show_app) return of.show;
  if (which == of.break_app) return finish_break(of);
  if (which == of.schema_app) return of.schema;
  if (which == of.gc_app) return of.gc;
  if (which == of.help_app) return help(of);
  return version_options{};
}

}  // namespace

request_line read_arguments(int argc, const char* const* argv) {
  const std::string first = argc > 1 ? argv[1] : "";
  // What follows run's first `--` is the user's command, whatever it looks like.
  std::vector<std::string> words;
  std::vector<std::string> command;
  bool separated = false;
  for (int i = 1; i < argc; ++i) {
    if (first == "run" && !separated && std::string_view{argv[i]} == "--") {
      separated = true;
    } else {
      (separated ? command : words).emplace_back(argv[i]);
    }
  }
  try {
    parser of{first == "run"};
    return read(of, std::move(words), std::move(command), separated);
  } catch (const usage_error& wrong) {
    say(wrong.what());
  } catch (const CLI::ParseError& wrong) {
    say(wrong.what() + hint_for(first));
  }
  return nothing_to_do{exit_usage};
}

}  // namespace holdfast::cli
