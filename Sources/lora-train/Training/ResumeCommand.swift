import ArgumentParser
import Options
import Ranks
import RunLog
import Training
import Workspace

/// `lora-train resume [RUN]`.
struct ResumeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Resumes an interrupted run, or extends a finished one.",
    discussion: """
      Uses the run's configuration. With --steps, a finished run is trained further, and latest is the \
      latest run. On a CPU, another number of threads changes the result and is refused. On a GPU, \
      neither the number of threads nor the choice of the GPU matters.
      """)

  @Argument(
    help: ArgumentHelp(
      "The run's number, or latest. Default: the latest interrupted run.", valueName: "run"),
    transform: RunReference.parse)
  var reference: RunReference?
  @Option(help: .value("Number of optimizer steps of the whole run. Default: the run's.", "n"))
  var steps: Int?
  @Option(help: .value("Device to train on. Default: the run's.", "device"))
  var device: String?
  @Option(help: .value("CPU threads. Default: the run's number.", "n"))
  var threads: Int?
  @OptionGroup var process: RunOptions
  @OptionGroup(title: "Several processes") var ranks: RankOptions
  @OptionGroup var root: RootOption

  func run() throws {
    try ranks.run(resume)
  }

  private func resume(_ ranks: RankGroup?) throws {
    // Only rank 0 needs the database.
    let find = { try RunLibrary(root.project).resumable(reference, extends: steps != nil) }
    let record = try ranks?.fromLeader(find) ?? find()
    var overrides = OptionOverrides<TrainingConfig>()
    overrides.set(\.$steps, to: steps)
    overrides.set(\.$device, to: device)
    overrides.set(\.$threads, to: threads)
    var config = try TrainingConfig(recorded: record).overridden(by: overrides)
    if steps != nil { config.epochs = nil }
    // Without a number, the session uses the run's.
    if threads == nil { config.threads = nil }
    let training = try ConsoleTraining(process, root: root, ranks: ranks)
    try training.train(config) { session, control in try session.resume(record, control) }
  }
}
