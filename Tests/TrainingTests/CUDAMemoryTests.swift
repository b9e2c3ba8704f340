import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

@testable import Training

extension CUDATests {
  /// What cannot be tried on the CPU, whose memory is the machine's.
  @Suite("memory", .enabled(if: TestedDevice.isPresent && device.isCUDA, "no CUDA GPU"))
  struct Memory {
    @Test("Tensors and their peak are counted by libtorch, free memory by the driver")
    func counts() throws {
      let before = try device.allocatedMemory()
      let tensor = try Tensor.zeros([1 << 20], device: device)
      let during = try device.allocatedMemory()
      withExtendedLifetime(tensor) {}
      // A block of memory may be a little larger than the tensor in it.
      #expect((4 << 20...6 << 20).contains(during.now - before.now))
      #expect(during.peak >= during.now)
      let memory = try device.memory()
      #expect(memory.free > 0 && memory.free <= memory.total)
    }

    @Test("The memory of recorded passes is part of the peak, and is free when they are dropped")
    func graphs() throws {
      // Activations of some mebibytes in one recording, and in five of them that share their memory.
      let x = try Tensor.ones([4 << 20], device: device)
      func record(_ neighbour: DeviceGraph?) throws -> (DeviceGraph, Tensor) {
        let graph = try DeviceGraph(on: device, neighbour: neighbour)
        return try (graph, graph.record { try ((x + 1) * x + x).sum() })
      }
      _ = try record(nil)
      try Backend.emptyCache()
      let free = try device.memory().free
      var graphs = [try record(nil)]
      let one = try free - device.memory().free
      for _ in 0..<4 { graphs.append(try record(graphs[0].0)) }
      let five = try free - device.memory().free
      #expect(one >= 32 << 20 && five < 2 * one)
      try device.resetPeakMemory()
      try graphs[0].0.replay()
      let memory = try device.allocatedMemory()
      #expect(memory.peak - memory.now >= 32 << 20)
      graphs = []
      try Backend.emptyCache()
      #expect(try free - device.memory().free < one / 2)
    }

    @Test("A training step with a full GPU is an out-of-memory error, and works once there is room")
    func fullGPU() throws {
      let reference = try TinyStep(on: device).losses()
      let step = try TinyStep(on: device)
      var filler = try fill(Self.all)
      do {
        _ = try step.losses()
        Issue.record("a step needs memory")
      } catch let error as TorchError {
        #expect(error.isOutOfMemory, "\(error)")
      }
      filler.removeAll()
      try Backend.emptyCache()
      #expect(try areClose(TinyStep(on: device).losses(), reference))
    }

    @Test("A picture that does not fit is decoded in squares")
    func tiledAfterOutOfMemory() throws {
      let vae = try tinyModel().loadVAE(device: device)
      let latents = try Generator(seed: 5).normal([1, 4, 32, 32])
      let squares = try LatentDecoder(vae: vae, tiling: .always).pictures(of: latents)[0]
      let most = try fill([1 << 30])
      // From too little for squares, past enough for squares, to enough for the whole.
      for mebibytes in stride(from: 2, through: 128, by: 2) {
        var notes: [DrawingNote] = []
        let filler = try fill(Self.all, leaving: mebibytes << 20)
        let decoder = LatentDecoder(vae: vae, note: { notes.append($0) })
        let picture = try? decoder.pictures(of: latents)[0]
        withExtendedLifetime((most, filler)) {}
        guard let picture else { continue }
        #expect(notes.map { "\($0)" } == ["\(DrawingNote.tiled(width: 256, height: 256))"])
        // With little memory, other kernels may be chosen.
        let worst = zip(picture.pixels, squares.pixels).map { abs(Int($0) - Int($1)) }.max()
        #expect(try #require(worst) <= 2)
        return
      }
      Issue.record("the picture fits into no memory")
    }

    /// Sizes of blocks that leave nothing, in bytes.
    private static let all = [1 << 30, 64 << 20, 20 << 20, 1 << 20, 1 << 16, 512]

    /// Fills the GPU with blocks of these sizes but for a number of bytes, which libtorch then has to ask
    /// the driver for.
    private func fill(_ sizes: [Int], leaving bytes: Int = 0) throws -> [Tensor] {
      try Backend.emptyCache()
      var reserve: Tensor? = bytes > 0 ? try .empty([bytes / 4], device: device) : nil
      var filler: [Tensor] = []
      for size in sizes {
        while let block = try? Tensor.empty([size / 4], device: device) { filler.append(block) }
      }
      withExtendedLifetime(reserve) {}
      reserve = nil
      try Backend.emptyCache()
      return filler
    }
  }

  /// libtorch may keep the memory of a failed recording to the end of the process, so `Scripts/gpu-check` runs
  /// this suite in its own.
  @Suite("failed recordings")
  struct FailedRecordings {
    @Test("that read a value are errors, and trainings and offloaded weights work afterwards")
    func reads() throws {
      let reference = try TinyStep(on: device).losses()
      let x = try Tensor.ones([1 << 20], device: device)
      let graph = try DeviceGraph(on: device)
      #expect(throws: TorchError.self) { try graph.record { try x.sum().item() } }
      #expect(throws: TorchError.self) { try graph.replay() }
      if device.isCUDA { try Backend.emptyCache() }
      #expect(try areClose(TinyStep(on: device).losses(), reference))
      try TrainingGoldenTests.compare(
        "epsilon", MemoryRung(.blocks, .offloaded), on: device, tolerance: tolerance)
    }
  }
}
