import ArgumentParser
import Foundation
import RunLog

/// `lora-train runs`.
struct RunsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs", abstract: "Lists the runs so far.")

  @Flag(help: "Print one JSON array.")
  var json = false
  @OptionGroup var root: RootOption

  func run() throws {
    let log = try root.runLog()
    try RunRepair(log: log, root: root).adoptUnknownRuns()
    let summaries = try log.summaries()
    if json { return try Console.answer(json: summaries) }
    if summaries.isEmpty { return Console.say("No runs yet; start one with --subject.") }
    Console.answer(
      Table(
        header: ["run", "subject", "status", "step", "loss", "s/step", "started"],
        rows: summaries.map { summary in
          let run = summary.run
          return [
            "\(run.id)", run.subject, run.status.rawValue, "\(run.step)/\(run.steps)",
            Format.loss(run.loss), Format.seconds(summary.secondsPerStep),
            Format.date(run.startedAt),
          ]
        }
      ).text)
  }
}

/// `lora-train show RUN`.
struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows a run: settings, losses, checkpoints, samples.")

  @Argument(help: ArgumentHelp("The run's number, or latest.", valueName: "run"))
  var reference: RunReference = .latest
  @Flag(help: "Print one JSON object.")
  var json = false
  @OptionGroup var root: RootOption

  func run() throws {
    let log = try root.runLog()
    try RunRepair(log: log, root: root).adoptUnknownRuns()
    let detail = try log.detail(reference.run(in: log).id)
    if json { return try Console.answer(json: detail) }
    let record = detail.summary.run
    Console.answer(
      Table(rows: [
        ["run", "\(record.id)"], ["subject", record.subject],
        ["status", record.status.rawValue + (record.failure.map { ": \($0)" } ?? "")],
        ["step", "\(record.step) of \(record.steps)"], ["model", record.model],
        ["dataset", record.dataset], ["loss", lossCourse(detail)],
        ["seconds/step", Format.seconds(detail.summary.secondsPerStep)],
        ["peak memory", Format.bytes(record.peakMemoryBytes)],
        ["started", Format.date(record.startedAt)], ["folder", detail.summary.path],
        ["checkpoints", steps(detail.checkpoints.map(\.step))],
        ["samples", steps(detail.samples.map(\.step))],
        ["resumed at", steps(detail.resumptions.map(\.step))],
      ]).text)
  }

  /// The mean loss at both ends, since single losses say more about their timestep than about the
  /// training.
  private func lossCourse(_ detail: RunDetail) -> String {
    let losses = detail.losses.map(\.loss)
    let length = max(1, losses.count / 10)
    guard losses.count > 1 else { return Format.loss(losses.first) }
    func mean(_ values: ArraySlice<Double>) -> Double {
      values.reduce(0, +) / Double(values.count)
    }
    return "\(Format.loss(mean(losses.prefix(length)))) (mean of the first \(length)) -> "
      + "\(Format.loss(mean(losses.suffix(length)))) (mean of the last \(length))"
  }

  private func steps(_ steps: [Int]) -> String {
    steps.isEmpty ? "none" : steps.map(String.init).joined(separator: ", ")
  }
}
