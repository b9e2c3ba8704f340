import ArgumentParser
import Options
import Training
import Workspace

/// `lora-train resume [RUN]`.
struct ResumeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Goes on with an interrupted run, as it was configured.",
    discussion: """
      On a CPU another number of threads would lead to another result, and is refused; on a GPU, \
      neither the threads nor which GPU it is make a difference.
      """)

  @Argument(
    help: ArgumentHelp("The run's number, or latest.", valueName: "run"),
    transform: RunReference.parse)
  var reference: RunReference = .latest
  @Option(help: .value("Where to train on. Default: where it was trained.", "device"))
  var device: String?
  @Option(help: .value("CPU threads. Default: as many as it was trained with.", "n"))
  var threads: Int?
  @OptionGroup var process: RunOptions
  @OptionGroup var root: RootOption

  func run() throws {
    let record = try RunLibrary(root.project).resumable(reference)
    var overrides = OptionOverrides<TrainingConfig>()
    overrides.set(\.$device, to: device)
    overrides.set(\.$threads, to: threads)
    var config = try TrainingConfig(recorded: record).overridden(by: overrides)
    // The run's own number is taken over from the run.
    if threads == nil { config.threads = nil }
    let training = try ConsoleTraining(process, root: root)
    let session = try training.session(config)
    try training.train { try session.resume(record, $0) }
  }
}
