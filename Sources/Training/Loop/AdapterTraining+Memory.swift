import Drawing
import Files
import NN
import StableDiffusion
import Torch

/// What a training does when memory is short.
extension AdapterTraining {
  /// Loads a training. When memory runs out, it steps down the memory ladder and loads again.
  ///
  /// - Returns: The training, and each step down.
  static func steppingDown(
    _ setup: TrainingSetup, data: PreparedData, from checkpoint: CheckpointFolder?, resume: Resume?,
    wantsStop: @escaping () -> Bool
  ) throws -> (training: AdapterTraining, changes: [MemoryChange]) {
    var (setup, resume) = (setup, resume)
    var changes: [MemoryChange] = []
    while true {
      do {
        // The limit of an earlier attempt left room for its weights.
        try MemoryLimit(setup).start()
        let training = try setup.ranks.together {
          try AdapterTraining(
            setup, data: data, from: checkpoint, resume: resume, wantsStop: wantsStop)
        }
        if !changes.isEmpty { training.ranOutOfMemory = true }
        return (training, changes)
      } catch let error as TorchError where error.isOutOfMemory {
        let step = resume?.step ?? 0
        guard let next = setup.memory.next(after: MemoryRung(setup.config), atStep: step) else {
          throw error
        }
        let change = MemoryChange(
          to: next, from: setup.config, step: step, work: "base model", message: error.message)
        setup.config = change.config
        changes.append(change)
        if step > 0 { resume?.changes += change.differences }
        if setup.device.isCUDA {
          Backend.tunesConvolutions = false
          try Backend.emptyCache()
        }
      }
    }
  }

  /// Whether memory may run out, so that a trial is worth its time. A CPU without a limit has no end that
  /// a trial could find.
  var needsTrial: Bool {
    (setup.device.isCUDA || setup.config.memory != nil) && !setup.memory.isRoomy(rung)
  }

  /// The side of the squares in which samples are decoded; nil for whole pictures.
  var sampleTile: Int? { setup.memory.estimate(of: rung)?.sampleTile }

  /// Goes down the memory ladder after an error; nil if no lower rung helps. Throws `WeightsError`, and
  /// `TrainingError` if there is not even memory for the change, which ends the training.
  ///
  /// - Parameter part: The part of the training that needs less memory.
  func stepDown(
    _ work: String, lowering part: KeyPath<MemoryEstimate, Int>? = nil, after error: TorchError
  ) throws -> MemoryChange? {
    guard let next = setup.memory.next(after: rung, atStep: done, lowering: part) else {
      return nil
    }
    let change = MemoryChange(
      to: next, from: setup.config, step: done, work: work, message: error.message)
    (rung, setup.config, ranOutOfMemory) = (next, change.config, true)
    do {
      // Recorded passes read the weights where they are. Offloaded ones come to another place each time.
      try step.graphs?.stepDown(isLast: next.weights == .offloaded)
      try setup.model.storeBlockWeights(
        of: unet, as: next.storage, dtype: setup.dtype, device: setup.device)
      unet.setGradientCheckpointing(next.checkpointing)
      if setup.device.isCUDA {
        Backend.tunesConvolutions = false
        try Backend.emptyCache()
      }
      try MemoryLimit(setup).apply(to: unet)
    } catch let error as TorchError where error.isOutOfMemory {
      // Some weights may have the new form and others not, so no pass may follow.
      throw TrainingError.noMemory(rung: next.description, reason: error.message)
    }
    if done > 0, !change.differences.isEmpty { resumes.append(change.resume) }
    return change
  }

  /// Runs the forward and the backward pass of the largest batch, and copies a checkpoint, to see whether
  /// there is memory for them. Changes nothing. Throws `TorchError`.
  func tryOut() throws {
    guard let largest = data.largestPass(setup.config, from: done) else { return }
    try PeakMemory.reset(on: setup.device)
    try step.tryOut(largest.step, largest.micro)
    if setup.memory.savesMeanwhile {
      _ = try parts.map { try $0.copy(state(run: 0, history: .empty)) }
    }
    guard setup.device.isCUDA else { return }
    try setup.memory.checkTrial(peak: setup.device.allocatedMemory().peak)
  }
}

extension MemoryChange {
  /// The change in the lineage of its run.
  fileprivate var resume: Resume {
    Resume(step: step, sha256: nil, version: Version.current, changes: differences)
  }
}
