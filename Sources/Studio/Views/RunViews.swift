import Files
import Foundation
import Options
import Pages
import RunLog
import Training
import Workspace

extension Studio {
  /// Throws `RunLogError` and errors of the project folder.
  func runsPage() throws -> RunsPage {
    let library = try RunLibrary(project)
    return RunsPage(
      runs: try library.summaries().reversed().map { RunRow($0) },
      notes: library.notes.map(\.withPlainOptions))
  }

  /// Throws `RunError`, `RunLogError`.
  func runPage(_ id: Int64) throws -> RunPage {
    let library = try RunLibrary(project)
    let run = try library.run(.number(id))
    let detail = try library.detail(of: run, withLosses: false)
    let reports = detail.validation.map { ValidationReport($0) }
    let ranking = ValidationRanking(reports, checkpoints: detail.checkpoints.map(\.step))
    let isHeld = try RunLock.isHeld(project.folder(of: run))
    let config = try TrainingConfig(recorded: run)
    let changed = config.differences(from: TrainingConfig.schema.defaults)
    let keys = Set(changed.map(\.key))
    return RunPage(
      row: RunRow(detail.summary),
      dataset: subjects.names.contains(run.subject) ? run.subject.inPath : nil,
      failure: run.failure?.withPlainOptions,
      notes: try library.strangers(in: run), canStop: isHeld,
      canResume: !isHeld && (run.status != .finished || run.step < run.steps),
      advice: ranking.map { [$0.summary, $0.advice].compactMap { $0 }.joined(separator: " ") },
      facts: facts(of: detail),
      checkpoints: detail.checkpoints.reversed().map { record in
        RunPage.Checkpoint(
          run: id, step: record.step, place: ranking?.place(ofStep: record.step),
          validation: reports.first { $0.step == record.step }.map { Format.loss($0.loss) } ?? "",
          sha256: record.sha256, isMissing: detail.missingCheckpoints.contains(record.step))
      },
      samples: detail.samples.filter { !detail.missingSamples.contains($0.step) }.map {
        RunPage.Sample(step: $0.step, source: "/runs/\(id)/samples/\($0.step)")
      },
      validation: reports.map { ($0.step, $0.loss) },
      trainingValidation: reports.compactMap { report in
        report.trainingLoss.map { (report.step, $0) }
      },
      settings: changed.map { Fact($0.key, "\($0.new)") },
      otherSettings: TrainingConfig.schema.options.filter { !keys.contains($0.key) }.map {
        Fact($0.key, $0.standard)
      },
      lineage: detail.resumes.map { Fact($0) })
  }

  private func facts(of detail: RunDetail) -> [Fact] {
    let run = detail.summary.run
    return [
      Fact("Subject", run.subject), Fact("Model", run.model), Fact("Dataset", run.dataset),
      Fact("Folder", detail.summary.path), Fact("Started", Format.date(run.startedAt)),
      Fact("Peak memory", Format.bytes(run.peakMemoryBytes)),
      Fact("Exact", detail.isExact ? "yes" : "no, it was resumed with changes"),
      Fact("Program", "lora-train \(run.version)"),
    ]
  }
}

extension RunRow {
  init(_ summary: RunSummary) {
    let run = summary.run
    self.init(
      id: run.id, subject: run.subject, status: run.status.rawValue, step: run.step,
      steps: run.steps, loss: Format.loss(run.loss),
      secondsPerStep: Format.seconds(summary.secondsPerStep), started: Format.date(run.startedAt))
  }
}

extension Fact {
  /// A resume of a run.
  fileprivate init(_ resume: ResumeRecord) {
    let parts = [
      resume.resumedAt.map { Format.date($0) } ?? "at an unknown time",
      "by lora-train \(resume.version)",
      resume.sha256.map { "from adapter \($0.prefix(12))" },
      resume.changes.map { "changed: \($0)" },
    ]
    self.init("At step \(resume.step)", parts.compactMap { $0 }.joined(separator: ", "))
  }
}
