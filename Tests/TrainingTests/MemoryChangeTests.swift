import Foundation
import TestSupport
import Testing
import Torch

@testable import NN
@testable import StableDiffusion
@testable import Training

/// The memory of this thread's tensors is limited at one moment, until the training has stepped down.
@Suite("Memory that runs out in a training")
struct MemoryChangeTests {
  private let training: TinyTraining

  init() throws { training = try TinyTraining() }

  private static let config = TinyTraining.config {
    $0.sampleEvery = 3
    $0.checkpointEvery = 2
  }

  /// Trains a run. After the first event of which `begins` is true, tensors may take only so many bytes
  /// more than they do.
  private func train(
    run: Int, config: TrainingConfig = config, bytes: Int, when begins: (TrainingEvent) -> Bool
  ) throws -> [TrainingEvent] {
    var events: [TrainingEvent] = []
    var isOver = false
    defer { Backend.liftMemoryLimit() }
    _ = try Backend.countedMemory()
    let trainer = Trainer(try training.setup(config), folder: training.runFolder(run))
    try withoutActuallyEscaping(begins) { begins in
      let outcome = try trainer.train(
        from: nil, stopped: { false },
        report: { event in
          events.append(event)
          if case .memoryChange = event { Backend.liftMemoryLimit() }
          if !isOver, begins(event) {
            isOver = true
            try Backend.limitMemory(to: Backend.countedMemory() + bytes)
          }
        })
      #expect(outcome == .finished)
    }
    return events
  }

  private func changes(_ events: [TrainingEvent]) -> [MemoryChange] {
    events.compactMap { if case .memoryChange(let change) = $0 { change } else { nil } }
  }

  /// The training has gone on with one rung less, and each step was done once.
  private func expectOneChange(
    _ events: [TrainingEvent], at step: Int, in work: String, run: Int,
    to rung: MemoryRung = MemoryRung(.feedForward)
  ) throws {
    let found = changes(events)
    #expect(found.map(\.step) == [step])
    #expect(found.first.map { MemoryRung($0.config) } == rung)
    #expect(found.first?.changes.first == "gradient_checkpointing: false -> true")
    #expect(
      found.first?.description.hasPrefix("There was not enough memory for the \(work) (") == true)
    #expect(events.steps.map(\.step) == Array(1...6))
    #expect(events.samples == [0, 3, 6] && events.checkpoints == [2, 4, 6])
    let state = try training.runFolder(run).checkpoint(step: 6).state()
    #expect(MemoryRung(state.config) == rung && state.ranOutOfMemory == true)
    #expect((state.resumes ?? []).map(\.step) == (step > 0 ? [step] : []))
    // A run that was resumed after the change is the same as this one.
    let before = try Data(contentsOf: training.runFolder(run).checkpoint(step: 6).adapter)
    let setup = try training.setup(Self.config)
    let folder = training.runFolder(run)
    let checkpoint = try folder.checkpoint(step: 4)
    let saved = try checkpoint.state()
    #expect(MemoryRung(saved.config) == rung)
    let resumed = setup.resuming(saved.config, ranOutOfMemory: true)
    #expect(try resumed.differences(from: saved).isEmpty)
    let other = training.runFolder(run + 1)
    #expect(
      try Trainer(resumed, folder: other).train(
        from: checkpoint, stopped: { false }, report: { _ in }) == .finished)
    #expect(try Data(contentsOf: other.checkpoint(step: 6).adapter) == before)
  }

  @Test("While the base model is loaded, the run goes down a rung before its first step")
  func load() throws {
    let peaks = try [nil, FrozenWeights.offloaded].map { weights in
      var config = Self.config
      config.frozenWeights = weights
      let setup = try training.setup(config)
      let data = try PreparedData(setup, checkStop: {}, report: { _ in })
      return try countingMemory { try AdapterTraining(setup, data: data, from: nil) }.peak
    }
    #expect(peaks[1] < peaks[0])
    let events = try train(run: 1, bytes: (peaks[0] + peaks[1]) / 2) {
      if case .preparing("UNet", _, _) = $0 { true } else { false }
    }
    let found = changes(events)
    #expect(found.count >= 3 && found.allSatisfy { $0.step == 0 })
    #expect(events.steps.map(\.step) == Array(1...6))
    let state = try training.runFolder(1).checkpoint(step: 6).state()
    #expect(MemoryRung(state.config).weights == .offloaded && state.resumes == nil)
    #expect(state.ranOutOfMemory == true)
  }

  @Test(
    "In a step, wherever it is, the step is repeated a rung lower",
    arguments: [
      0.01, 0.3, 0.6, 0.9,
    ])
  func step(share: Double) throws {
    let live = try AdapterTraining(
      training.setup(Self.config),
      data: PreparedData(training.setup(Self.config), checkStop: {}, report: { _ in }), from: nil)
    let (_, _, peak) = try countingMemory { try live.advance(checkStop: {}) }
    let events = try train(run: 1, bytes: Int(share * Double(peak))) {
      if case .step(let report) = $0 { report.step == 1 } else { false }
    }
    try expectOneChange(events, at: 1, in: "step", run: 1)
  }

  /// Stands in the last layer of the UNet, and limits the memory when a forward pass ends.
  private struct Limiter: Adapter {
    let isOn: () -> Bool
    var strength = 1.0
    var tensors: [(name: String, tensor: Tensor)] { [] }

    func output(of call: LayerCall) throws -> Tensor {
      if isOn() { try Backend.limitMemory(to: Backend.countedMemory() + 65536) }
      return call.output
    }

    func delta(of weight: Tensor) throws -> Tensor { weight }
  }

  @Test("In a backward pass, the step is repeated a rung lower, with gradients that start at zero")
  func backward() throws {
    defer { Backend.liftMemoryLimit() }
    var adapters: [[UInt8]] = []
    for fails in [false, true] {
      let setup = try training.setup(Self.config)
      let data = try PreparedData(setup, checkStop: {}, report: { _ in })
      _ = try Backend.countedMemory()
      let live = try AdapterTraining(setup, data: data, from: nil)
      if !fails { _ = try live.stepDown("test", after: TorchError("", isOutOfMemory: true)) }
      live.unet.convOut.adapter = Limiter(isOn: { fails })
      let error = { try #require(throws: TorchError.self) { try live.advance(checkStop: {}) } }
      if fails {
        let error = try error()
        #expect(error.isOutOfMemory)
        Backend.liftMemoryLimit()
        #expect(try live.stepDown("step", after: error)?.step == 0)
        live.unet.convOut.adapter = nil
      }
      for _ in 0..<2 { _ = try live.advance(checkStop: {}) }
      adapters.append(try live.sites.flatMap(\.tensors).flatMap { try $0.tensor.bytes() })
    }
    #expect(adapters[0] == adapters[1])
  }

  @Test("In a sample, the sample is drawn a rung lower")
  func samples() throws {
    let events = try train(run: 1, bytes: 4096) {
      if case .sampling(3, 1, _) = $0 { true } else { false }
    }
    // Gradient checkpointing saves nothing in a pass without gradients.
    try expectOneChange(
      events, at: 3, in: "samples", run: 1,
      to: MemoryRung(.blocks, .offloaded, offloadedShare: 0.25))
  }

  @Test("In the copy of a checkpoint, the checkpoint is written without one")
  func saving() throws {
    let events = try train(run: 1, bytes: 0) {
      if case .saving(2) = $0 { true } else { false }
    }
    try expectOneChange(events, at: 2, in: "copy of a checkpoint", run: 1)
  }

  @Test("On the last rung it ends the training, which is saved")
  func last() throws {
    var config = Self.config
    config.frozenWeights = .offloaded
    let error = #expect(throws: TorchError.self) {
      try train(run: 1, config: config, bytes: 4096) {
        if case .step(let report) = $0 { report.step == 3 } else { false }
      }
    }
    #expect(error?.isOutOfMemory == true)
    Backend.liftMemoryLimit()
    #expect(training.runFolder(1).newestCheckpoint().checkpoint?.step == 3)
  }

  @Test("Step by step down the whole ladder, more weights are stored, and nothing else changes")
  func ladder() throws {
    let setup = try training.setup(Self.config)
    let data = try PreparedData(setup, checkStop: {}, report: { _ in })
    let live = try AdapterTraining(setup, data: data, from: nil)
    let before = try live.sites.flatMap(\.tensors).flatMap { try $0.tensor.bytes() }
    var stored: [Int] = []
    var losses: [Double] = []
    while try live.stepDown("test", after: TorchError("", isOutOfMemory: true)) != nil {
      stored.append(live.unet.blockWeights().count { $0.parameter.isStored })
      let again = try AdapterTraining(setup, data: data, from: nil)
      while again.rung != live.rung {
        _ = try again.stepDown("test", after: TorchError("", isOutOfMemory: true))
      }
      losses.append(try again.advance(checkStop: {}).loss)
    }
    #expect(stored.count == 6 && stored.prefix(2) == [0, 0])
    #expect(zip(stored.dropFirst(), stored.dropFirst(2)).allSatisfy { $0 < $1 })
    #expect(stored.last == live.unet.blockWeights().count)
    #expect(Set(losses.dropFirst()).count == 1)
    #expect(try live.sites.flatMap(\.tensors).flatMap { try $0.tensor.bytes() } == before)
  }

  @Test("A limit that the weights alone exceed is a lack of memory, and ends with the next attempt")
  func limit() throws {
    defer { Backend.liftMemoryLimit() }
    var config = Self.config
    config.memory = try memory(besideProgram: 1)
    let setup = try training.setup(config)
    let unet = try setup.model.loadUNet()
    let limit = MemoryLimit(setup)
    try limit.start()
    let error = #expect(throws: TorchError.self) { try limit.apply(to: unet) }
    #expect(error?.isOutOfMemory == true && error?.message.contains("and `memory` is") == true)
    try limit.start()
    _ = try Tensor.zeros([1024])
    limit.end()
  }

  @Test("A budget limits the tensors of a training, which needs more for larger images")
  func budget() throws {
    var config = Self.config
    config.memory = try memory(besideProgram: 1)
    let events = try training.train(run: 1, config).events
    #expect(events.steps.count == 6)
    config.resolution = 256
    let error = #expect(throws: TorchError.self) { try training.train(run: 2, config) }
    #expect(error?.isOutOfMemory == true)
    config.memory = try memory(besideProgram: 100)
    #expect(try training.train(run: 3, config).outcome == .finished)
  }

  /// What the program itself takes, and some mebibytes for tensors.
  private func memory(besideProgram mebibytes: Int) throws -> String {
    "\(try training.setup(Self.config).memory.process / (1 << 20) + mebibytes)MB"
  }
}
