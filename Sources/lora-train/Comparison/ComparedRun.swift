import DreamBooth
import Foundation
import Pages
import RunLog

/// A run's checkpoints as columns of a comparison, and what its losses say of them.
struct ComparedRun {
  let run: Run
  let config: TrainingConfig
  /// In the order of steps.
  private(set) var checkpoints: [(folder: CheckpointFolder, sha256: String)]

  private let losses: [StepRecord]
  private let evaluations: [ValidationRecord]

  /// The checkpoint that is asked for, or all that are whole. Throws `CheckpointError`,
  /// `NothingFound`, `RunLogError`.
  init(_ reference: CheckpointReference, root: RootOption) throws {
    let (run, log) = try reference.run.find(below: root)
    let folder = run.folder(below: root)
    self.run = run
    config = try TrainingConfig(recorded: run)
    losses = try log.losses(run.id)
    evaluations = try log.validation(run.id)
    if let step = reference.step {
      let checkpoint = try folder.checkpoint(step: step)
      checkpoints = [(checkpoint, try checkpoint.verify())]
    } else {
      checkpoints = folder.checkpoints.reversed().compactMap { checkpoint in
        do {
          return (checkpoint, try checkpoint.verify())
        } catch {
          Console.say("Note: \(error)")
          return nil
        }
      }
      guard !checkpoints.isEmpty else {
        // Throws what there is to say of a run without any.
        _ = try folder.checkpoint(step: nil)
        return
      }
    }
  }

  /// The runs that are named, each once with all of its checkpoints that are. Throws as `init`.
  static func all(_ references: [CheckpointReference], root: RootOption) throws -> [ComparedRun] {
    try references.reduce(into: []) { runs, reference in
      let new = try ComparedRun(reference, root: root)
      guard let place = runs.firstIndex(where: { $0.run.id == new.run.id }) else {
        return runs.append(new)
      }
      let known = runs[place].checkpoints.map(\.folder.step)
      runs[place].checkpoints += new.checkpoints.filter { !known.contains($0.folder.step) }
      runs[place].checkpoints.sort { $0.folder.step < $1.folder.step }
    }
  }

  /// The checkpoints by their held-out losses; nil where those are not known.
  var ranking: CheckpointRanking? {
    CheckpointRanking(steps: checkpoints.map(\.folder.step), evaluations: evaluations)
  }

  /// The columns of this run: each checkpoint at each strength.
  func columns(strengths: [Double], isRefined: Bool) -> [Comparison.Column] {
    checkpoints.flatMap { checkpoint, sha256 in
      strengths.map { strength in
        let details = [
          strength == 1 ? nil : "strength \(strength.formatted())", isRefined ? "refiner" : nil,
        ].compactMap { $0 }
        return Comparison.Column(
          label: (["run \(run.id), step \(checkpoint.step)"] + details).joined(separator: ", "),
          // Losses are measured at full strength, without a refiner.
          notes: strength == 1 && !isRefined ? notes(checkpoint.step) : [],
          adapter: Comparison.Column.Adapter(
            file: checkpoint.adapter, sha256: sha256, strength: strength,
            name: "\(run.subject)@\(checkpoint.step)"),
          isRefined: isRefined)
      }
    }
  }

  /// Curves of the held-out loss: over all timesteps, and where there is little and much noise.
  var charts: [LossChart] {
    let marks = checkpoints.map(\.folder.step)
    func chart(_ title: String, _ bands: Range<Int>?) -> LossChart {
      func points(
        _ whole: KeyPath<ValidationRecord, Double?>, _ parts: KeyPath<ValidationRecord, [Double]?>
      ) -> [(step: Int, loss: Double)] {
        evaluations.compactMap { evaluation in
          guard let bands else {
            return evaluation[keyPath: whole].map { (evaluation.step, $0) }
          }
          return evaluation[keyPath: parts].flatMap { losses in
            guard losses.count >= bands.upperBound else { return nil }
            return (evaluation.step, losses[bands].reduce(0, +) / Double(bands.count))
          }
        }
      }
      return LossChart(
        title: "Run \(run.id), \(title)",
        curves: [
          LossChart.Curve(name: "held-out", points: points(\.heldOut, \.bands)),
          LossChart.Curve(name: "training", points: points(\.trainingLoss, \.trainingBands)),
        ], marks: marks)
    }
    let count = evaluations.compactMap(\.bands).first?.count ?? 0
    guard count > 3 else { return [chart("loss", nil)] }
    return [
      chart("loss over all timesteps", nil),
      chart("loss where there is little noise", 0..<count / 4),
      chart("loss where there is much noise", (count - count / 4)..<count),
    ]
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
      recent.isEmpty ? nil : "loss \(Format.loss(loss))",
      evaluation.map { "held-out \(Format.loss($0.loss))\(place ?? "")" },
      evaluation?.trainingLoss.map { "training pictures \(Format.loss($0))" },
    ].compactMap { $0 }
  }
}

extension ValidationRecord {
  /// The held-out loss, as optional as that of training pictures.
  fileprivate var heldOut: Double? { loss }
}
