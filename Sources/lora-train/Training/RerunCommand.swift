import ArgumentParser
import RunLog
import Workspace

/// `lora-train rerun RUN`.
struct RerunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rerun",
    abstract: "Trains a finished run again and compares the result.",
    discussion: """
      Uses the run's configuration. The hashes of images, captions and base model must be the same. The \
      exit code is 0 if both adapters have the same bytes, else 65.
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
        "Run \(record.id) was resumed with a change (\(change)), so the adapters will differ.")
    }
    let training = try ConsoleTraining(RunOptions.parse([]), root: root)
    let session = try training.session(rerun.config)
    let again = try training.train { try rerun.train(session, $0) }
    let hash = try rerun.compare(with: again)
    Console.message("Runs \(record.id) and \(again.id) have the same adapter, SHA-256 \(hash).")
  }
}
