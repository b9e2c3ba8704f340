import Foundation
import RunLog
import Training

extension RunFolder {
  /// Throws `RunError.otherRun` for a checkpoint of another run that was copied into this folder. Damaged
  /// checkpoints are not checked.
  ///
  /// The recorded hash decides. Without it, the run in the state or the run's history must match, so that
  /// a folder that was given another number is whole. With another hash, both must match: the process may
  /// have died between the checkpoint and its record.
  func checkOwner(
    of checkpoint: CheckpointFolder, recorded: [CheckpointRecord]
  ) throws(RunError) {
    let known = recorded.last { $0.step == checkpoint.step }?.sha256
    let state: TrainingState
    do {
      let sha256 = try checkpoint.verifyState()
      guard sha256 != known else { return }
      state = try checkpoint.state()
    } catch {
      // Whoever uses the checkpoint verifies it.
      return
    }
    let isNumbered = state.run == id
    let isOwn =
      known == nil
      ? isNumbered || hasHistory(of: state) : isNumbered && hasHistory(of: state)
    guard !isOwn else { return }
    throw .otherRun(
      checkpoint: checkpoint.url.relativePath, run: Int64(id),
      owner: isNumbered ? nil : Int64(state.run))
  }

  /// Whether the history of a state is the beginning of this run's.
  private func hasHistory(of state: TrainingState) -> Bool {
    do {
      _ = try history(of: state)
      return true
    } catch {
      return false
    }
  }
}
