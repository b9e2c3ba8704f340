import Foundation
import Testing
import Torch

/// Memory that counts how often it is freed.
private final class Memory {
  final class Count { var value = 0 }

  let address: UnsafeMutableBufferPointer<Float>
  private let freed: Count

  init(_ values: [Float], freed: Count) {
    address = .allocate(capacity: values.count)
    _ = address.initialize(from: values)
    self.freed = freed
  }

  deinit {
    address.deallocate()
    freed.value += 1
  }

  func tensor(_ shape: Int...) throws -> Tensor {
    let base = try #require(address.baseAddress)
    return try Tensor(over: base, shape: shape, dtype: .float32, keeping: self)
  }
}

@Suite("Ownership of memory")
struct OwnershipTests {
  @Test("A tensor over an owner's memory copies nothing, keeps the owner and releases it once")
  func borrowedMemory() throws {
    let freed = Memory.Count()
    var memory: Memory? = Memory([1, 2, 3, 4], freed: freed)
    weak let watched = memory
    var tensor: Tensor? = try memory?.tensor(2, 2)
    memory?.address[3] = 9
    memory = nil
    #expect(watched != nil)
    #expect(try tensor?.floats() == [1, 2, 3, 9])
    var view: Tensor? = try tensor?.select(dim: 0, index: 1)
    tensor = nil
    #expect(freed.value == 0)
    #expect(try view?.floats() == [3, 9])
    view = nil
    #expect(watched == nil)
    #expect(freed.value == 1)
  }

  @Test("The owner is released once also if the tensor cannot be created")
  func failure() throws {
    let freed = Memory.Count()
    #expect(torchError { _ = try Memory([1], freed: freed).tensor(-1) } != nil)
    #expect(freed.value == 1)
  }

  @Test("No intermediate result of 10,000 long expressions stays alive")
  func intermediates() throws {
    let freed = Memory.Count()
    do {
      let x = try Memory([1, 2, 3, 4], freed: freed).tensor(4)
      // Every result then holds x in its graph.
      try x.setRequiresGrad(true)
      var last: Tensor?
      for _ in 0..<1000 {
        last = try ((x * x).silu() * x - (x * x).sqrt() / (x + 1)).reshape([2, 2]).sum()
      }
      #expect(last != nil && freed.value == 0)
    }
    #expect(freed.value == 1)
  }

  @Test("10,000 operations do not grow the process")
  func process() throws {
    func residentBytes() throws -> Int {
      let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
      return try #require(Int(text.split(separator: " ")[1])) * 4096
    }
    let x = try Tensor.ones([128, 128])  // 64 KiB
    let before = try residentBytes()
    for _ in 0..<2_000 { _ = try ((x + x).silu() * 2 - x).clone() }
    // All results together would take 640 MB.
    #expect(try residentBytes() - before < 320_000_000)
  }

  @Test("A temporary lives until the call that reads it is done")
  func temporaries() throws {
    let a = try normal(1000, seed: 1)
    let b = try normal(1000, seed: 2)
    let sum = try a + b
    let expected = try sum.silu().sum().item()
    let joined = try Tensor.cat([sum, sum], dim: 0).sum().item()
    for _ in 0..<500 {
      #expect(try (a + b).silu().sum().item() == expected)
      #expect(try Tensor.cat([a + b, a + b], dim: 0).sum().item() == joined)
      #expect(
        try (a + b).linear((a + b).reshape([1, 1000]), (a + b).sum().reshape([1])).isFinite())
    }
  }
}
