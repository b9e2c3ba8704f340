import ArgumentParser
import DreamBooth
import Foundation
import RunLog

/// `lora-train --subject NAME --steps N`.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Trains a LoRA; the same command goes on with an interrupted run.")

  @Option(help: "What to train: names the dataset, the configuration file and the run.")
  var subject: String
  @OptionGroup var options: TrainOptions
  @Flag(help: "Start a new run, even if one was interrupted.")
  var new = false
  @OptionGroup var root: RootOption

  func run() throws {
    let config = try options.resolve(subject: subject)
    let session = try TrainingSession(config, root: root)
    let interrupted = new ? nil : try session.log.latestUnfinished(subject: subject)
    try session.train(continuing: interrupted)
  }
}

/// `lora-train resume [RUN]`.
struct ResumeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Goes on with an interrupted run, as it was configured.")

  @Argument(help: ArgumentHelp("The run's number, or latest.", valueName: "run"))
  var reference: RunReference = .latest
  @OptionGroup var root: RootOption

  func run() throws {
    let log = try root.runLog()
    let record: Run
    if reference.id == nil {
      guard let latest = try log.latestUnfinished() else {
        throw NothingFound(
          "No run in \(log.url.relativePath) was interrupted; start one with --subject.")
      }
      record = latest
    } else {
      record = try reference.run(in: log)
    }
    guard record.status != .finished else {
      throw UsageError(
        "Run \(record.id) is finished at step \(record.step); start a new one with --subject.")
    }
    let session = try TrainingSession(TrainingConfig(recorded: record), root: root)
    try session.train(continuing: record)
  }
}
