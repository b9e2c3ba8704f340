import Datasets
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
  /// Returns the samples of forward pass `micro` of optimizer step `step`, both from 0.
  let pass: (_ step: Int, _ micro: Int) throws -> TrainingPass
  let optimizer: any Optimizer
  let schedule: LearningRateSchedule
  /// The average of the trained tensors; nil without.
  var ema: EMA?
  let config: TrainingConfig
  /// Whether the loss is scaled, which float16 needs.
  let scalesLoss: Bool
  /// The layers that compute with copies of the trained tensors; nil if there are none.
  var fusion: AdapterFusion?
  /// The text encoders that are trained too; nil if there are none.
  var text: TextTraining?
  /// The dropout of the adapters; nil without. Its passes are never recorded.
  var dropout: AdapterDropout?
  /// The limit of the size of the adapters; nil without.
  var normLimit: NormLimit?
  /// The recorded passes; nil to run every pass. Those with trained text encoders are never recorded.
  var graphs: PassGraphs?
  /// The number of this rank, and its exchange with the others; nil for a process on its own.
  var rank = 0
  var exchange: GradientExchange?
  /// Called once per step with the accumulated and unscaled gradients, before their norm is
  /// computed. It may change them in place.
  var gradientHook: (_ gradients: [Tensor]) throws -> Void = { _ in }
  private let upcoming = UpcomingPass()

  /// Trains step `step`, from 0. The device is read only once per step, after everything is queued:
  /// losses and norm together. On the device they decide whether the gradients are applied.
  /// `checkStop` is called before each forward pass. Its error ends the step and changes nothing. With other
  /// ranks it is not called, since all end after the same step (``GradientExchange/isStopAgreed``).
  ///
  /// Throws `TrainingError` for a loss or gradients that are not finite, `TorchError`, and errors
  /// of the gradient hook.
  func callAsFunction(
    _ step: Int, scaler: inout LossScaler, checkStop: () throws -> Void
  ) throws -> StepReport {
    let start = ContinuousClock.now
    let scale = scalesLoss ? scaler.scale : 1
    let factor = schedule.factor(afterSteps: step)
    let rates = optimizer.groups.map { $0.learningRate * factor }
    let effective = zip(optimizer.groups, optimizer.effectiveRates(rates)).map {
      (name: $0.name, rate: $1)
    }
    let foundRate = optimizer.foundRate
    var passes: [PassLoss] = []
    var sources = [SampleSources(step: step + 1)]
    let numbers: StepNumbers
    do {
      try tellingOutOfMemory {
        for micro in 0..<config.gradientAccumulation {
          if exchange == nil { try checkStop() }
          Failpoint.step.pass()
          let pass = try upcoming.take(step, micro) ?? pass(step, micro)
          sources.append(sources[micro].adding(pass.samples))
          passes.append(
            try backward(pass, step, micro, scale: scale / Double(config.gradientAccumulation)))
        }
      }
      numbers = try update(passes, step: step, scale: scale, rates: rates)
      // A GPU still works on the step, while the CPU prepares the next.
      if step + 1 < config.steps { upcoming.prepare(step + 1, pass) }
      try UnsavableError.marking { try numbers.read() }
      try exchange?.finish(numbers.votes)
      Failpoint.step.pass()
      if let micro = numbers.firstNotFinite {
        throw TrainingError.lossNotFinite(sources[micro + 1])
      }
    } catch {
      try dropGradients()
      throw error
    }

    let all = sources[config.gradientAccumulation]
    let isFinite = numbers.norm.isFinite
    // With a scale of 1, the gradients did not overflow because of the scaling.
    guard isFinite || scale > 1 else { throw TrainingError.gradientsNotFinite(all) }
    if scalesLoss { scaler.update(finite: isFinite) }
    if isFinite { try UnsavableError.marking { try ema?.update() } }
    return StepReport(
      step: step + 1, loss: numbers.loss, rates: effective, foundRate: foundRate,
      gradNorm: isFinite ? numbers.norm : nil,
      seconds: (ContinuousClock.now - start) / .seconds(1),
      timestep: Double(all.timesteps.reduce(0, +)) / Double(all.timesteps.count),
      instanceLoss: numbers.instanceLoss, priorLoss: numbers.priorLoss)
  }

  /// Runs the passes of a step. The other ranks learn that there is no memory for them, which they wait for.
  private func tellingOutOfMemory(_ passes: () throws -> Void) throws {
    do {
      try passes()
    } catch let error as TorchError where error.isOutOfMemory {
      guard let exchange else { throw error }
      try dropGradients()
      let numbers = config.gradientAccumulation * (config.hasPriorLoss ? 3 : 1)
      let notFinite = try Tensor.full(
        [numbers], value: .nan, device: optimizer.parameters[0].device)
      _ = try exchange.sum(
        gradientsOf: optimizer.parameters, losses: notFinite, outOfMemory: true)
      throw error
    }
  }

  /// Runs the forward and the backward pass of some samples, and drops the gradients. Throws `TorchError`.
  func tryOut(_ step: Int, _ micro: Int) throws {
    do {
      _ = try backward(pass(step, micro), step, micro, scale: 1)
      try dropGradients()
    } catch {
      try dropGradients()
      throw error
    }
  }

  /// Adds the gradients of a pass, multiplied by `scale`, to those of the trained tensors. Returns
  /// the pass's loss. A separate function, so that the graph is freed before the next pass.
  private func backward(
    _ pass: TrainingPass, _ step: Int, _ micro: Int, scale: Double
  ) throws -> PassLoss {
    // Samples of different ranks leave out different values, but the same adapters.
    let firstDraw = rank << 32
    dropout?.seeds = { [config] adapter, draw in
      CounterRandom.value(
        seed: config.seed, step: step * config.gradientAccumulation + micro,
        sample: adapter + (draw == .module ? 0 : firstDraw), purpose: draw.purpose)
    }
    defer { dropout?.seeds = nil }
    let placed = try objective.place(pass, lossScale: scale)
    let trainsText = !pass.instances.texts.isEmpty
    let body = {
      let inputs = trainsText ? try text?.encoding(placed, of: pass) ?? placed : placed
      let loss = try objective.loss(of: inputs, by: unet)
      try (loss.total * inputs.samples.lossScale).backward()
      return try loss.detached()
    }
    let loss = try (trainsText ? nil : graphs)?.run(placed.layout, body) ?? body()
    try fusion?.collectGradients()
    return loss
  }

  /// Unscales, clips and applies the accumulated gradients, unless a number of the step is not
  /// finite. Returns the numbers, which are still on the device.
  private func update(
    _ passes: [PassLoss], step: Int, scale: Double, rates: [Double]
  ) throws -> StepNumbers {
    let gradients = try optimizer.parameters.compactMap { try $0.grad }
    if scale != 1 { try Tensor.scale(gradients, by: 1 / scale) }
    let losses = try StepNumbers.losses(passes)
    let sums = try exchange?.sum(gradientsOf: optimizer.parameters, losses: losses)
    try gradientHook(gradients)
    let norm = try Tensor.norm(of: gradients)
    let numbers = try StepNumbers(
      passes, losses: sums?.losses ?? losses, norm: norm, votes: sums?.votes)
    let foundInf = try numbers.onDevice.foundInf()
    if let limit = config.optimization.maxGradientNorm {
      try Tensor.clip(gradients, norm: norm, to: limit)
    }
    // An error may leave some values updated and others not.
    try UnsavableError.marking {
      try optimizer.step(rates: rates, foundInf: foundInf)
      try normLimit?.apply()
      try text?.finish(
        step: step, foundInf: foundInf,
        averages: config.optimization.optimizer == .scheduleFreeAdamW)
      try fusion?.refresh()
    }
    return numbers
  }

  private func dropGradients() throws {
    for tensor in optimizer.parameters { try tensor.setGrad(nil) }
    try fusion?.dropGradients()
  }
}

extension DropoutDraw {
  fileprivate var purpose: CounterRandom.Purpose {
    switch self {
    case .values: .adapterDropout
    case .ranks: .rankDropout
    case .module: .moduleDropout
    }
  }
}
