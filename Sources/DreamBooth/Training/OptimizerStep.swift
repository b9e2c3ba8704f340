import Failpoints
import Foundation
import NN
import StableDiffusion
import Torch

/// One optimizer step: forward and backward passes over the accumulated samples, unscaling,
/// clipping, update.
struct OptimizerStep {
  let unet: UNet2DConditionModel
  let objective: Objective
  /// Gives the samples of a forward pass, number `micro` of optimizer step `step`, both from 0.
  let pass: (_ step: Int, _ micro: Int) throws -> TrainingPass
  let trained: [Tensor]
  let optimizer: any Optimizer
  let learningRate: LearningRateSchedule
  let config: TrainingConfig
  /// Whether small gradients have to be kept from vanishing: in float16.
  let scalesLoss: Bool

  /// Runs step number `step`, from 0. What `checkStop`, asked before each forward pass, throws ends
  /// the step with nothing changed.
  ///
  /// Throws `TrainingError` for a loss or gradients that are not finite, `TorchError`.
  func callAsFunction(
    _ step: Int, scaler: inout LossScaler, checkStop: () throws -> Void
  ) throws -> StepReport {
    let start = ContinuousClock.now
    let scale = scalesLoss ? scaler.scale : 1
    let passes = Double(config.gradientAccumulation)
    var loss = StepLoss()
    var sources = SampleSources(step: step + 1)
    do {
      for micro in 0..<config.gradientAccumulation {
        try checkStop()
        Failpoint.step.pass()
        let pass = try pass(step, micro)
        for batch in pass.batches { sources.add(batch) }
        let value = try backward(pass, scale: scale / passes)
        guard value.total.isFinite else { throw TrainingError.lossNotFinite(sources) }
        loss.add(value, dividedBy: passes)
      }
    } catch {
      try dropGradients()
      throw error
    }

    Failpoint.step.pass()
    let rate = config.learningRate * learningRate.factor(afterSteps: step)
    let norm = try update(rate: rate, scale: scale)
    // A scale of 1 scales nothing: then it is not float16's range that the gradients have left.
    guard norm != nil || scale > 1 else { throw TrainingError.gradientsNotFinite(sources) }
    if scalesLoss { scaler.update(finite: norm != nil) }
    return StepReport(
      step: step + 1, loss: loss.total, learningRate: rate, gradNorm: norm,
      seconds: (ContinuousClock.now - start) / .seconds(1),
      timestep: Double(sources.timesteps.reduce(0, +)) / Double(sources.timesteps.count),
      instanceLoss: loss.instance, priorLoss: loss.prior)
  }

  /// Adds a pass's gradients, multiplied by `scale`, to those of the trained tensors; returns its
  /// loss. A function of its own, so that the graph is gone before the next pass.
  private func backward(_ pass: TrainingPass, scale: Double) throws -> StepLoss {
    let loss = try objective.loss(of: pass, by: unet)
    try (loss.total * scale).backward()
    return StepLoss(
      total: try loss.total.item(), instance: try loss.parts?.instance.item(),
      prior: try loss.parts?.prior.item())
  }

  /// Applies the accumulated gradients and returns their norm, or drops them and returns nil where
  /// they are not finite.
  private func update(rate: Double, scale: Double) throws -> Double? {
    let gradients = try trained.compactMap { try $0.grad }
    if scale != 1 { try Tensor.scale(gradients, by: 1 / scale) }
    let norm = try Tensor.norm(of: gradients)
    guard norm.isFinite else {
      try dropGradients()
      return nil
    }
    if let limit = config.maxGradientNorm { try clipGradients(gradients, norm: norm, to: limit) }
    // Some values may have been updated when it fails, and others not.
    try UnsavableError.marking { try optimizer.step(learningRate: rate) }
    return norm
  }

  private func dropGradients() throws {
    for tensor in trained { try tensor.setGrad(nil) }
  }
}

/// A loss and, with class images, its parts.
private struct StepLoss {
  var total = 0.0
  var instance: Double?
  var prior: Double?

  /// Adds what one of `passes` forward passes gave.
  mutating func add(_ other: StepLoss, dividedBy passes: Double) {
    total += other.total / passes
    if let value = other.instance { instance = (instance ?? 0) + value / passes }
    if let value = other.prior { prior = (prior ?? 0) + value / passes }
  }
}
