package import Files
package import RunLog
package import Training

/// Trains a finished run again and compares the adapters.
package struct Rerun {
  package var config: TrainingConfig { state.config }
  /// A change that the run was resumed with, which rules out the same adapter; nil for an exact run.
  package var change: String? { (state.resumes ?? []).flatMap(\.changes).first }

  private let run: Run
  private let project: ProjectFolder
  private let checkpoint: CheckpointFolder
  private let state: TrainingState

  /// Reads the last checkpoint of a run. Throws `RunError`, `CheckpointError`.
  package init(_ run: Run, in library: RunLibrary) throws {
    self.run = run
    project = library.project
    checkpoint = try library.checkpoint(nil, of: run).checkpoint
    state = try checkpoint.state()
    guard run.status != .finished || checkpoint.step >= run.steps else {
      throw RunError.lastCheckpointGone(run: run.id, step: run.steps, newest: checkpoint.step)
    }
    guard state.step >= state.config.steps else {
      throw RunError.unfinished(run: run.id, step: state.step, steps: state.config.steps)
    }
  }

  /// Trains it as a new run. Throws `CheckpointError.differs` if images, captions or base model have
  /// changed.
  package func train(
    _ session: TrainingSession, _ control: TrainingControl
  ) throws -> TrainingResult {
    try session.rerun(run, state, control)
  }

  /// The hash of both adapters, after the second training. Throws `AdapterDiffers` if the hashes differ,
  /// and `CheckpointError`.
  package func compare(with again: Run) throws -> String {
    let (first, second) = try (
      checkpoint.verify(), project.folder(of: again).checkpoint(step: state.step).verify()
    )
    guard first == second else {
      throw AdapterDiffers(runs: [run.id, again.id], hashes: [first, second])
    }
    return first
  }
}

/// Two trainings of the same run had different results.
package struct AdapterDiffers: ReportableError, Equatable {
  package let runs: [Int64]
  package let hashes: [String]

  package var kind: ErrorKind { .badData }

  package var description: String {
    "The adapters of run \(runs[0]) (SHA-256 \(hashes[0])) and run \(runs[1]) (\(hashes[1])) differ; "
      + "lora-train doctor shows whether training is exact on this device."
  }
}
