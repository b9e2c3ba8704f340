import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Training

/// Compares trainings whose passes are recorded and repeated with trainings that run every pass. On the CPU
/// the operations of a GPU are repeated, one by one.
@Suite("Recorded passes")
struct PassGraphTests {
  private let buffers = InputBuffers(on: .cpu)

  /// What differs between trainings.
  struct Form: Sendable, CustomTestStringConvertible {
    var dtype = DType.float32
    var isFused = true
    var checkpointing: CheckpointingExtent?
    var storage = WeightStorage.resident
    var passes = 1
    var scalesLoss = false
    var minSNRGamma: Double? = 5

    var testDescription: String {
      "\(dtype), \(isFused ? "fused" : "plain"), \(String(describing: checkpointing)), \(storage), "
        + "\(passes) passes, \(scalesLoss ? "scaled" : "not scaled")"
    }
  }

  /// Batches of two sizes and two counts, with and without masks and class images of the same and of
  /// another size, in an order in which every shape comes back often.
  private static func pass(_ number: Int) throws -> TrainingPass {
    func batch(_ count: Int, width: Int = 8, seed: Int, masked: Bool = false) throws
      -> TrainingBatch
    {
      func normal(_ shape: [Int], _ part: Int) throws -> Tensor {
        try Generator(seed: UInt64(10 * seed + part)).normal(shape)
      }
      return TrainingBatch(
        latents: try normal([count, 4, 8, width], 1), noise: try normal([count, 4, 8, width], 2),
        timesteps: (0..<count).map { (seed * 37 + 100 * $0) % 1000 },
        embeds: try normal([count, 5, 64], 3), pooled: try normal([count, 32], 4),
        timeIds: try .full([count, 6], value: Double(64 + seed)),
        weights: masked ? try normal([count, 1, 8, width], 5).abs() : nil,
        files: (0..<count).map { "\(seed)-\($0).png" })
    }
    switch number % 5 {
    case 0: return TrainingPass(try batch(1, seed: number))
    case 1: return TrainingPass(try batch(2, width: 16, seed: number))
    case 2: return TrainingPass(try batch(1, seed: number, masked: true))
    case 3:
      return TrainingPass(
        try batch(1, seed: number), classImages: try batch(1, seed: number + 500))
    default:
      return TrainingPass(
        try batch(1, seed: number), classImages: try batch(1, width: 16, seed: number + 500))
    }
  }

  /// The losses and gradient norms of a training, its last adapter, and the number of recordings.
  static func train(
    _ form: Form, recorded: Bool, isRoomy: Bool = true, most: Int = 32, on device: Device = .cpu,
    between: (Int, PassGraphs?) throws -> Void = { _, _ in }
  ) throws -> (numbers: [Double], adapter: [Tensor], recordings: Int) {
    let model = try ModelDirectory(Repository.golden.appending(path: "tiny-sdxl"))
    let unet = try model.loadUNet(dtype: form.dtype, device: device, storage: form.storage)
    let trained = try unet.attachAdapters(
      LoRA.self, targets: TrainingConfig().adaptation.targets.patterns,
      settings: AdapterSettings(rank: 2, alpha: 2)
    ) { try Generator(seed: UInt64($0)) }.flatMap(\.tensors)
    let fusion = form.isFused ? try unet.fuseAdapters() : nil
    unet.setGradientCheckpointing(form.checkpointing)
    let steps = 25
    var config = TrainingConfig()
    config.gradientAccumulation = form.passes
    config.steps = steps
    let graphs =
      recorded
      ? PassGraphs(on: device, trained: trained.map(\.tensor), isRoomy: isRoomy, most: most) : nil
    let step = OptimizerStep(
      unet: unet,
      objective: Objective(
        schedule: NoiseSchedule(model.scheduler), minSNRGamma: form.minSNRGamma, device: device),
      pass: { step, micro in try pass(form.passes * step + micro) },
      optimizer: try OptimizerKind.standard.optimizer(
        of: [ParameterGroup("unet", trained, learningRate: 1e-2)], settings: OptimizerSettings()),
      schedule: LearningRateSchedule(.cosine, warmupSteps: 3, steps: steps), config: config,
      scalesLoss: form.scalesLoss, fusion: fusion, graphs: graphs)
    var scaler = LossScaler()
    // Scales change during the training.
    var numbers: [Double] = []
    for index in 0..<steps {
      let report = try step(index, scaler: &scaler, checkStop: {})
      numbers += [report.loss, report.gradNorm ?? -1, report.priorLoss ?? -1]
      if index % 3 == 0 { scaler.update(finite: false) }
      try between(index, graphs)
    }
    return (numbers, trained.map(\.tensor), graphs?.count ?? 0)
  }

  @Test(
    "give the results of passes that are run: the same bits, or the same but for the norm of the gradients",
    arguments: [
      Form(), Form(isFused: false), Form(checkpointing: .blocks), Form(checkpointing: .feedForward),
      Form(dtype: .bfloat16, passes: 3), Form(isFused: false, passes: 2, scalesLoss: true),
      Form(dtype: .bfloat16, checkpointing: .blocks, storage: .quantized(.int8)),
      Form(scalesLoss: true, minSNRGamma: nil),
    ])
  func sameResults(_ form: Form) throws {
    try withoutProcessorKernels {
      let plain = try Self.train(form, recorded: false)
      let recorded = try Self.train(form, recorded: true)
      #expect(recorded.recordings == 5)
      // The gradients of adapters that are not fused lie side by side, so their norm is summed in another
      // order.
      let tolerance = form.isFused ? 0 : 1e-5
      for (one, other) in zip(recorded.numbers, plain.numbers) {
        #expect(abs(one - other) <= tolerance * abs(other))
      }
      let differences = try zip(recorded.adapter, plain.adapter).map { one, other in
        try relativeDifference(one.detach(), other.detach())
      }
      #expect(try #require(differences.max()) <= tolerance)
    }
  }

  @Test(
    "give up their memory for other work where there is little, and are recorded again with the same bits",
    arguments: [true, false])
  func makeRoom(isFused: Bool) throws {
    try withoutProcessorKernels {
      let form = Form(isFused: isFused)
      let roomy = try Self.train(form, recorded: true) { _, graphs in try graphs?.makeRoom() }
      #expect(roomy.recordings == 5)
      var counts: [Int] = []
      let short = try Self.train(form, recorded: true, isRoomy: false) { step, graphs in
        counts.append(graphs?.count ?? 0)
        if step == 20 { try graphs?.makeRoom() }
      }
      // Each of the five shapes comes back after five steps, and is recorded the third time.
      #expect(counts[9...14] == [0, 1, 2, 3, 4, 5])
      #expect(counts[19...21] == [5, 5, 1] && counts.last == 4)
      #expect(short.numbers == roomy.numbers)
    }
  }

  @Test("are forgotten when the weights get another form, and end where weights have no place")
  func stepDown() throws {
    try withoutProcessorKernels {
      let form = Form(isFused: false)
      let all = try Self.train(form, recorded: true)
      for isLast in [false, true] {
        var counts: [Int] = []
        let changed = try Self.train(form, recorded: true) { step, graphs in
          if step == 11 { try graphs?.stepDown(isLast: isLast) }
          counts.append(graphs?.count ?? 0)
        }
        // Each shape is run twice again.
        #expect(counts[10] == 1 && counts[11] == 0 && counts[21] == 0)
        #expect(counts.last == (isLast ? 0 : 3))
        #expect(changed.numbers == all.numbers)
      }
    }
  }

  @Test("make room for newer ones when there are many")
  func most() throws {
    try withoutProcessorKernels {
      let all = try Self.train(Form(), recorded: true)
      let few = try Self.train(Form(), recorded: true, most: 3)
      #expect(few.recordings == 3 && few.numbers == all.numbers)
    }
  }

  @Test("that cannot be recorded are run, with a reason that is given once")
  func problem() throws {
    let graphs = PassGraphs(on: .cpu, trained: [], isRoomy: true)
    let layout = try self.layout(0)
    var runs = 0
    for _ in 0..<5 {
      let loss = try graphs.run(layout) {
        runs += 1
        if runs == 3 { throw TorchError("no graphs here") }
        return try one()
      }
      #expect(try loss.total.item() == 1)
    }
    #expect(runs == 6 && graphs.count == 0)
    #expect(graphs.takeProblem() == "no graphs here" && graphs.takeProblem() == nil)
  }

  @Test("are tried again after a lack of memory, without the other recordings, but not for ever")
  func lackOfMemory() throws {
    let graphs = PassGraphs(on: .cpu, trained: [], isRoomy: true)
    let layouts = try [0, 1].map(layout)
    // How often the next recordings of each layout fail.
    var failures = [0, 1]
    var recorded: [Int] = []
    func run(_ index: Int) throws {
      var runs = 0
      _ = try graphs.run(layouts[index]) {
        runs += 1
        // The first run of a pass that is recorded is the recording.
        if recorded.count >= 4, runs == 1, failures[index] > 0 {
          failures[index] -= 1
          throw TorchError("full", isOutOfMemory: true)
        }
        return try one()
      }
      recorded.append(graphs.count)
    }
    for index in [0, 1, 0, 1, 0, 1, 1, 0] { try run(index) }
    // The failure of the second drops the first. Then both are recorded.
    #expect(recorded == [0, 0, 0, 0, 1, 0, 1, 2] && graphs.takeProblem() == nil)
    // Alone, a recording that fails ends them.
    try graphs.drop()
    failures = [1, 0]
    try run(0)
    #expect(graphs.takeProblem() == "full")
    for index in [0, 1] { try run(index) }
    #expect(graphs.count == 0)
  }

  @Test("pass on errors that are not libtorch's")
  func otherErrors() throws {
    let graphs = PassGraphs(on: .cpu, trained: [], isRoomy: true)
    let layout = try self.layout(0)
    for _ in 0..<2 { _ = try graphs.run(layout, one) }
    #expect(throws: StopRequest.self) { try graphs.run(layout) { throw StopRequest() } }
  }

  /// A loss of 1, by an operation.
  private func one() throws -> PassLoss { PassLoss(total: try .ones([]) + 0, parts: nil) }

  /// The layout of a pass.
  private func layout(_ number: Int) throws -> PlacedPass.Layout {
    let model = try ModelDirectory(Repository.golden.appending(path: "tiny-sdxl"))
    let inputs = try buffers.place(
      Self.pass(number).instances, for: "instances", schedule: NoiseSchedule(model.scheduler),
      thresholds: nil, sampleWeights: nil, lossScale: 1)
    return PlacedPass(samples: inputs, instanceCount: nil, classImages: nil).layout
  }
}
