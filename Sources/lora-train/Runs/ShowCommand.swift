import ArgumentParser
import Files
import Foundation
import NN
import Options
import RunLog
import Training
import Workspace

/// `lora-train show RUN`.
struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows a run: settings, losses, checkpoints, samples.")

  @Argument(
    help: ArgumentHelp("The run's number, or latest. Default: latest.", valueName: "run"),
    transform: RunReference.parse)
  var reference: RunReference = .latest
  @Flag(help: "Print one JSON object.")
  var json = false
  @OptionGroup var root: RootOption

  func run() throws {
    let library = try root.library()
    let run = try library.run(reference)
    for sentence in try library.strangers(in: run) { Console.note(sentence) }
    let detail = try library.detail(of: run)
    if json { try Console.result(json: detail) } else { try Console.result(text(detail)) }
  }

  private func text(_ detail: RunDetail) throws -> String {
    let run = detail.summary.run
    let config = try TrainingConfig(recorded: run)
    let keepsOutput = config.objective.preservation == .output
    let parts = [
      ["  subject", lossCourse(detail.losses.compactMap(\.instanceLoss))],
      [
        keepsOutput ? "  class" : "  class images",
        lossCourse(detail.losses.compactMap(\.priorLoss)),
      ],
    ]
    let hasParts = detail.losses.contains { $0.priorLoss != nil }
    let head = [
      ["run", "\(run.id)"], ["subject", run.subject],
      [
        "status",
        run.status.rawValue + (run.failure.map { ": \($0.wordingFlags)" } ?? ""),
      ],
      ["step", "\(run.step) of \(run.steps)"], ["model", run.model],
      ["dataset", run.dataset], ["loss", lossCourse(detail.losses.map(\.loss))],
    ]
    let rest = try [
      ["validation loss", validationCourse(detail)],
      ["seconds/step", Format.seconds(detail.summary.secondsPerStep)],
      ["peak memory", Format.bytes(run.peakMemoryBytes)],
      ["started", Format.date(run.startedAt)], ["folder", detail.summary.path],
      [
        "checkpoints",
        list(detail.checkpoints.map(\.step), missing: detail.missingCheckpoints, detail),
      ],
      ["samples", list(detail.samples.map(\.step), missing: detail.missingSamples, detail)],
      ["resumed at", lineage(detail.resumes)],
      ["exact", detail.isExact ? "yes" : "no, it was resumed with changes"],
      ["settings", settings(config)],
    ]
    let ranks =
      run.worldSize.map { [["ranks", "\($0) on \(listing(run.hosts ?? [run.host]))"]] } ?? []
    let table = Table(rows: head + ranks + (hasParts ? parts : []) + rest).text
    let ranking = ranking(detail)
    return ([table] + [ranking?.summary, ranking?.advice].compactMap { $0 })
      .joined(separator: "\n")
  }

  /// The options that differ from the defaults and are not shown above.
  private func settings(_ config: TrainingConfig) -> String {
    let schema = TrainingConfig.schema
    var shown = [
      schema.key(of: \.$subject), schema.key(of: \.$steps), schema.key(of: \.$model),
      schema.key(of: \.$dataset),
    ]
    if config.priorImages ?? 0 == 0 {
      // Without class images, these options have no effect.
      let used =
        config.objective.preservation == .output
        ? [
          schema.key(of: \.objective.$preservation), schema.key(of: \.$priorWeight),
          schema.key(of: \.$classPrompts),
        ] : []
      shown += schema.options.filter { $0.section == .prior && !used.contains($0.key) }
        .map(\.key)
    }
    return config.differences(from: schema.defaults).filter { !shown.contains($0.key) }
      .map { "\($0.key): \($0.new)" }.joined(separator: ", ")
  }

  /// The mean loss of the first and of the last tenth. A single loss depends more on its timestep than on
  /// the training.
  private func lossCourse(_ losses: [Double]) -> String {
    let length = max(1, losses.count / 10)
    guard losses.count > 1 else { return Format.loss(losses.first) }
    func mean(_ values: ArraySlice<Double>) -> Double {
      values.reduce(0, +) / Double(values.count)
    }
    return "\(Format.loss(mean(losses.prefix(length)))) (mean of the first \(length)) -> "
      + "\(Format.loss(mean(losses.suffix(length)))) (mean of the last \(length))"
  }

  private func ranking(_ detail: RunDetail) -> ValidationRanking? {
    ValidationRanking(
      detail.validation.map { ValidationReport($0) },
      checkpoints: detail.checkpoints.map(\.step))
  }

  /// At most 12 of the validations.
  private func validationCourse(_ detail: RunDetail) -> String {
    guard let ranking = ranking(detail) else { return "none" }
    return ranking.thinned(to: 12).map { "\(Format.loss($0.loss)) at \($0.step)" }
      .joined(separator: ", ")
  }

  /// Each resume: its step, time and version.
  private func lineage(_ resumes: [ResumeRecord]) -> String {
    let texts = resumes.map { resume in
      let hash = resume.sha256.map { " (\($0.prefix(8)))" } ?? ""
      let changes = resume.changes.map { ", changed: \($0)" } ?? ""
      return
        "step \(resume.step)\(hash) \(resume.resumedAt.map { "on \(Format.date($0))" } ?? "at an unknown time") by "
        + "\(resume.version)\(changes)"
    }
    return texts.isEmpty ? "none" : texts.joined(separator: "; ")
  }

  private func list(_ steps: [Int], missing: [Int], _ detail: RunDetail) -> String {
    list(steps) + (missing.isEmpty ? "" : " (missing in \(detail.summary.path): \(list(missing)))")
  }

  private func list(_ steps: [Int]) -> String {
    steps.isEmpty ? "none" : steps.map(String.init).joined(separator: ", ")
  }
}
