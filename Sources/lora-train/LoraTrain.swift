import ArgumentParser
import Foundation
import NN
import Workspace

/// The program. Commands hold what users can say; only this target prints and exits.
@main
struct LoraTrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lora-train",
    abstract: "Trains a LoRA of your subject into Stable Diffusion XL, and draws with it.",
    discussion: """
      lora-train --subject dog --steps 1500 trains on the pictures in Datasets/dog. Run it again \
      after an interruption, and it goes on where it stopped. lora-train train --help lists what \
      else can be said.
      """,
    version: Version.current,
    subcommands: [
      TrainCommand.self, ResumeCommand.self, RunsCommand.self, ShowCommand.self,
      RerunCommand.self, GenerateCommand.self, CompareCommand.self, DatasetCommand.self,
      CacheCommand.self,
      DoctorCommand.self,
    ],
    defaultSubcommand: TrainCommand.self)

  static func main() {
    // Whoever reads our streams may leave before we are done.
    signal(SIGPIPE, SIG_IGN)
    Foundation.exit(run(Array(CommandLine.arguments.dropFirst())))
  }

  /// Runs a command to its end and returns the exit code. Output goes to ``Console/streams``.
  static func run(_ arguments: [String]) -> Int32 {
    do {
      try checkCommand(arguments)
      var command = try parseAsRoot(arguments)
      try command.run()
      return EXIT_SUCCESS
    } catch {
      return end(with: error, command: arguments.first)
    }
  }

  /// Throws `UsageError` for a first word that is no command. (The parser would take it for an
  /// argument of `train`.)
  private static func checkCommand(_ arguments: [String]) throws {
    guard let first = arguments.first, !first.hasPrefix("-"), first != "help",
      !commandNames.contains(first)
    else { return }
    throw UsageError(
      "There is no command \(first); the commands are \(commandNames.joined(separator: ", ")) and "
        + "help.")
  }

  private static var commandNames: [String] {
    configuration.subcommands.compactMap { $0.configuration.commandName }
  }

  /// Prints an error's sentence and returns its exit code.
  private static func end(with error: any Error, command: String?) -> Int32 {
    let status: ExitStatus
    var sentence = message(for: error)
    if let known = ExitStatus(of: error) {
      status = known
    } else if exitCode(for: error) == .validationFailure {
      status = .usage
      var name = command.flatMap { commandNames.contains($0) ? $0 : nil } ?? "train"
      // After an option, the parser takes a command for an argument of `train`.
      if let late = commandNames.first(where: { sentence.contains("argument '\($0)'") }) {
        sentence = "The command comes before its options, as in lora-train \(late)"
        name = late
      }
      let isWhole = sentence.hasSuffix("?") || sentence.hasSuffix(".")
      sentence += isWhole ? " See " : "; see "
      sentence += "lora-train \(name) --help"
    } else if exitCode(for: error) == .failure {
      status = .internalError
    } else {
      return finish(with: error)
    }
    let isWhole = sentence.hasSuffix(".") || sentence.hasSuffix("?")
    Console.say("lora-train: \(sentence)\(isWhole ? "" : ".")")
    return status.rawValue
  }

  /// Prints what the argument parser throws to end a command early, such as help, the version, a
  /// completion script or nothing but an exit code, and returns the exit code.
  private static func finish(with error: any Error) -> Int32 {
    let code = exitCode(for: error)
    let text = fullMessage(for: error)
    guard !text.isEmpty else { return code.rawValue }
    guard code.isSuccess else {
      Console.say(text)
      return code.rawValue
    }
    do {
      try Console.answer(text)
      return code.rawValue
    } catch {
      return end(with: error, command: nil)
    }
  }
}
