import ArgumentParser
import RunLog
import Workspace

/// `lora-train rerun RUN`.
struct RerunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rerun",
    abstract: "Trains a finished run again, and says whether the same adapter came out.",
    discussion: """
      The configuration is the run's own; pictures, captions and base model are first found to be the \
      same by their hashes. The exit code is 0 for the same bytes, 65 for others.
      """)

  @Argument(
    help: ArgumentHelp("The run's number, or latest.", valueName: "run"),
    transform: RunReference.parse)
  var reference: RunReference
  @OptionGroup var root: RootOption

  func run() throws {
    let library = try RunLibrary(root.project)
    let record = try library.run(reference)
    let rerun = try Rerun(record, in: library)
    if let change = rerun.change {
      Console.note(
        "run \(record.id) was continued with a change (\(change)), so it cannot come out the same.")
    }
    let training = try ConsoleTraining(RunOptions.parse([]), root: root)
    let session = try training.session(rerun.config)
    let again = try training.train { try rerun.train(session, $0) }
    let hash = try rerun.compare(with: again)
    Console.say("Runs \(record.id) and \(again.id) have the same adapter, SHA-256 \(hash).")
  }
}
