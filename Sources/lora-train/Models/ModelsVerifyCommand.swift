import ArgumentParser
import Workspace

/// `lora-train models verify`.
struct ModelsVerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Checks the files of installed models against their hashes.",
    discussion: """
      For a model that was not installed with models pull, no hashes are known: only names and shapes of its \
      weights are checked. For a damaged model the exit code is 65.
      """)

  @Argument(help: ArgumentHelp("An installed model. Default: all.", valueName: "name"))
  var name: String?
  @Flag(help: "Print one JSON array.")
  var json = false
  @OptionGroup var root: RootOption

  func run() throws {
    let models = BaseModels(root: root)
    let chosen = try name.map { [try models.installedModel($0)] } ?? models.all
    let signal = StopSignal()
    let line = StatusLine()
    let reports: [ModelVerification]
    do {
      reports = try chosen.map { model in
        try ModelVerification(model) { path in
          if signal.isRaised { throw Stopped() }
          line.show("Verifying \(model.name): \(path)")
        }
      }
      line.end()
    } catch is Stopped {
      line.end()
      throw ExitCode(130)
    }
    if json {
      try Console.result(json: reports)
    } else {
      for report in reports { try Console.result(Self.text(report)) }
    }
    if reports.contains(where: { !$0.problems.isEmpty }) {
      throw ExitCode(ExitStatus.badData.rawValue)
    }
  }

  private static func text(_ report: ModelVerification) -> String {
    guard report.problems.isEmpty else {
      return report.problems.map { "\(report.name): \($0.wordingFlags)" }.joined(separator: "\n")
    }
    return switch report.depth {
    case .hashes: "\(report.name): \(report.files) files, all hashes are right."
    case .structure:
      "\(report.name): names and shapes of all weights are right; it has no manifest with hashes."
    }
  }
}
