package import Drawing
import Files
import Foundation
package import RunLog
package import Training

/// A run's checkpoints as columns of a comparison, with their losses.
package struct ComparedRun {
  package let run: Run
  package let config: TrainingConfig
  /// Which adapter of the checkpoints.
  package let weights: CheckpointWeights
  /// In the order of steps.
  package private(set) var checkpoints: [(folder: CheckpointFolder, sha256: String)]
  /// All evaluations of the run, in the order of steps.
  package let evaluations: [ValidationReport]

  private let losses: [StepRecord]

  /// The named checkpoint, or all undamaged ones. Damaged ones and those of other runs are reported.
  /// Throws `CheckpointError`, `RunError`, `RunLogError`.
  init(
    _ reference: CheckpointReference, in library: RunLibrary, report: WorkspaceReport
  ) throws {
    let run = try library.run(reference.run)
    let folder = library.project.folder(of: run)
    let records = try library.records(of: run)
    self.run = run
    weights = reference.weights
    config = try TrainingConfig(recorded: run)
    losses = records.steps
    evaluations = records.validation.map { ValidationReport($0) }
    if let step = reference.step {
      let checkpoint = try library.checkpoint(step, of: run).checkpoint
      checkpoints = [(checkpoint, try checkpoint.verify(weights))]
    } else {
      checkpoints = folder.checkpoints.reversed().compactMap { checkpoint in
        do {
          try folder.checkOwner(of: checkpoint, recorded: records.checkpoints)
          return (checkpoint, try checkpoint.verify(reference.weights))
        } catch {
          report(.note("\(error)"))
          return nil
        }
      }
      guard !checkpoints.isEmpty else {
        // Throws the reason.
        try library.checkpoint(nil, of: run).checkpoint.verify(weights)
        return
      }
      let lost = library.project.lostCheckpoints(
        of: run, records.checkpoints, validation: records.validation)
      if !lost.isEmpty { report(.note(LostCheckpoints.sentence(run.id, lost))) }
    }
  }

  /// The named runs, each once with all of its named checkpoints. Throws as `init`.
  package static func all(
    _ references: [CheckpointReference], in library: RunLibrary, report: WorkspaceReport
  ) throws -> [ComparedRun] {
    try references.reduce(into: []) { runs, reference in
      let new = try ComparedRun(reference, in: library, report: report)
      guard let place = runs.firstIndex(where: { $0.run.id == new.run.id }) else {
        return runs.append(new)
      }
      let known = runs[place].checkpoints.map(\.folder.step)
      runs[place].checkpoints += new.checkpoints.filter { !known.contains($0.folder.step) }
      runs[place].checkpoints.sort { $0.folder.step < $1.folder.step }
    }
  }

  /// The checkpoints ranked by validation loss; nil without validation losses of these weights.
  package var ranking: ValidationRanking? {
    guard weights == config.evaluate else { return nil }
    return ValidationRanking(evaluations, checkpoints: checkpoints.map(\.folder.step))
  }

  /// The columns of this run: each checkpoint at each strength.
  package func columns(strengths: [Double], isRefined: Bool) -> [Comparison.Column] {
    checkpoints.flatMap { checkpoint, sha256 in
      strengths.map { strength in
        let details = [
          weights == .adapter ? nil : "average",
          strength == 1 ? nil : "strength \(strength.short)", isRefined ? "refiner" : nil,
        ].compactMap { $0 }
        return Comparison.Column(
          label: (["run \(run.id), step \(checkpoint.step)"] + details).joined(separator: ", "),
          // Losses are measured at full strength, without a refiner.
          notes: strength == 1 && !isRefined && weights == config.evaluate
            ? notes(checkpoint.step) : [],
          adapter: Comparison.Column.Adapter(
            file: checkpoint.file(of: weights), sha256: sha256, strength: strength,
            name: "\(run.subject)@\(checkpoint.step)" + weights.ending,
            embedding: checkpoint.embedding),
          isRefined: isRefined)
      }
    }
  }

  private func notes(_ step: Int) -> [String] {
    let recent = losses.filter { $0.step <= step }.suffix(50)
    let loss = recent.reduce(0) { $0 + $1.loss } / Double(max(1, recent.count))
    let evaluation = evaluations.first { $0.step == step }
    let ranking = ranking
    let place = ranking?.place(ofStep: step).flatMap { place in
      ranking.map { $0.ranked.count > 1 ? " (no. \(place) of \($0.ranked.count))" : "" }
    }
    return [
      recent.isEmpty ? nil : "loss \(loss.fixed(4))",
      evaluation.map { "validation \($0.loss.fixed(4))\(place ?? "")" },
      evaluation?.trainingLoss.map { "training images \($0.fixed(4))" },
    ].compactMap { $0 }
  }
}
