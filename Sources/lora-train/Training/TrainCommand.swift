import ArgumentParser
import DreamBooth
import Foundation
import RunLog

/// `lora-train --subject NAME --steps N`.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains a LoRA; the same command goes on with an interrupted run.",
    discussion: """
      Every option can also stand in the configuration file, as in sample_every: 100; flags win \
      over the file. Configs/default.yaml lists them all, with some that are no flags.
      """)

  @Option(
    help: ArgumentHelp(
      "What to train: names the dataset, the configuration file and the run.", valueName: "name"))
  var subject: String?
  @OptionGroup var options: TrainOptions
  @Flag(help: "Start a new run, even if one was interrupted.")
  var new = false
  @OptionGroup var process: RunOptions
  @OptionGroup var root: RootOption

  func run() throws {
    guard subject != nil || options.config != nil else {
      throw UsageError(
        "It is not said what to train: give --subject NAME, with the pictures in Datasets/NAME; "
          + "lora-train --help tells more.")
    }
    let session = try TrainingSession(
      options.resolve(subject: subject), process: process, root: root)
    if new { try session.trainAnew() } else { try session.train() }
  }
}

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
    let record = try interrupted()
    guard record.status != .finished else {
      throw UsageError(
        "Run \(record.id) is finished at step \(record.step); start a new one with --subject.")
    }
    var flags = ConfigFlags()
    flags.set(.device, to: device)
    flags.set(.threads, to: threads)
    var config = try TrainingConfig(recorded: record).overridden(by: flags)
    // The run's own number is taken over from the run.
    if threads == nil { config.threads = nil }
    try TrainingSession(config, process: process, root: root).resume(record)
  }

  private func interrupted() throws -> Run {
    if reference.id != nil { return try reference.find(below: root).run }
    guard let latest = try root.existingRunLog()?.latestUnfinished() else {
      throw NothingFound(
        "No run in \(root.database.relativePath) was interrupted; start one with --subject.")
    }
    return latest
  }
}
