import ArgumentParser
import Files
import Foundation
import NN
import Torch
import Workspace

/// The program. Only this target prints and exits.
@main
struct LoraTrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lora-train",
    abstract: "Trains SDXL LoRAs of your subject and draws with them.",
    usage: """
      lora-train --subject dog --steps 1500
      lora-train <subcommand> <options>
      """,
    discussion: """
      Put 5 to 30 images of your subject into Datasets/dog, each with a caption in a .txt file of the \
      same name. Then train with lora-train --subject dog --steps 1500. After an interruption, run the \
      same command again: it resumes the run. lora-train train --help lists all training options.
      """,
    version: Version.current,
    subcommands: [
      DatasetCommand.self, TrainCommand.self, ResumeCommand.self, RunsCommand.self,
      ShowCommand.self, GenerateCommand.self, CompareCommand.self, ServeCommand.self,
      ExportCommand.self, RerunCommand.self, LoraCommand.self, ModelsCommand.self,
      ImportConfigCommand.self, CacheCommand.self, DoctorCommand.self,
    ],
    defaultSubcommand: TrainCommand.self)

  static func main() {
    // Without this, a closed pipe ends the program.
    signal(SIGPIPE, SIG_IGN)
    Foundation.exit(run(Array(CommandLine.arguments.dropFirst())))
  }

  /// Runs a command and returns the exit code. Output goes to ``Console/streams``.
  static func run(_ arguments: [String]) -> Int32 {
    let arguments = joiningNegativeNumbers(arguments)
    do {
      try checkCommand(arguments)
      var command = try parseAsRoot(arguments)
      if let repeated = try RepeatedFlag(in: arguments, help: { _dumpHelp() }) {
        Console.message(
          "Note: \(repeated.flag) is given \(repeated.count) times, but has one value; the last one is used."
        )
      }
      // `doctor` lists this problem among others.
      if !(command is DoctorCommand) { try Backend.checkVersion() }
      try command.run()
      return EXIT_SUCCESS
    } catch {
      return end(with: error, command: arguments.first)
    }
  }

  /// Throws `UsageError` if the first argument is an unknown command. (The parser would pass it to
  /// `train`.)
  private static func checkCommand(_ arguments: [String]) throws {
    guard let first = arguments.first, !first.hasPrefix("-"), first != "help",
      !commandNames.contains(first)
    else { return }
    throw UsageError(
      "There is no command \(first); the commands are \(commandNames.joined(separator: ", ")) and "
        + "help.")
  }

  private static func help(of name: String) -> String {
    configuration.subcommands.first { $0.configuration.commandName == name }
      .map { helpMessage(for: $0) } ?? ""
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
      // The parser passes a command that follows an option to `train`.
      if let late = commandNames.first(where: { sentence.contains("argument '\($0)'") }) {
        sentence = "The command comes before its options, as in lora-train \(late)"
        name = late
      } else if let flag = ForeignFlag(message: sentence, command: name, help: help(of: name)) {
        sentence = flag.sentence
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
    // Some errors have several lines.
    let lines = sentence.split(separator: "\n", omittingEmptySubsequences: false)
      .map { String($0).showingControls }.joined(separator: "\n")
    Console.message("lora-train: \(lines)\(isWhole ? "" : ".")")
    return status.rawValue
  }

  /// Prints what the argument parser throws to end a command early, and returns the exit code: help, the
  /// version, a completion script, or an exit code without text.
  private static func finish(with error: any Error) -> Int32 {
    let code = exitCode(for: error)
    let text = fullMessage(for: error)
    guard !text.isEmpty else { return code.rawValue }
    guard code.isSuccess else {
      Console.message(text)
      return code.rawValue
    }
    do {
      try Console.result(text)
      return code.rawValue
    } catch {
      return end(with: error, command: nil)
    }
  }
}
