import Testing
import Torch

@Suite("Shapes, types and views")
struct ShapeTests {
  @Test("reshape keeps the order and infers one size")
  func reshape() throws {
    let x = try counting(2, 6)
    #expect(try x.reshape([3, -1]).shape == [3, 4])
    #expect(try x.transpose(0, 1).reshape([12]).floats() == [0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11])
  }

  @Test("permute and transpose move dimensions")
  func permute() throws {
    let x = try counting(2, 3, 4)
    #expect(try x.permute([2, 0, 1]).shape == [4, 2, 3])
    #expect(try x.permute([2, 0, 1]).floats().prefix(3) == [0, 4, 8])
    #expect(try x.transpose(-1, 0).shape == [4, 3, 2])
  }

  @Test("narrow, select and indexSelect take slices")
  func slices() throws {
    let x = try counting(3, 2)
    #expect(try x.narrow(dim: 0, start: 1, length: 2).floats() == [2, 3, 4, 5])
    #expect(try x.select(dim: 1, index: -1).floats() == [1, 3, 5])
    let index = try Tensor([Int64(2), 0, 2], shape: [3])
    #expect(try x.indexSelect(dim: 0, index).floats() == [4, 5, 0, 1, 4, 5])
  }

  @Test("chunk cuts equal parts, and only equal ones")
  func chunk() throws {
    let x = try counting(2, 4)
    #expect(try x.chunk(2, dim: -1).map { try $0.floats() } == [[0, 1, 4, 5], [2, 3, 6, 7]])
    #expect(try x.chunk(1, dim: 0)[0].shape == [2, 4])
    #expect(
      torchError { _ = try x.chunk(3, dim: 1) }?.description
        == "A dimension of size 4 cannot be cut into 3 equal parts.")
    #expect(torchError { _ = try x.chunk(0, dim: 1) } != nil)
    #expect(torchError { _ = try x.chunk(2, dim: 2) } != nil)
    #expect(torchError { _ = try x.chunk(2, dim: -3) } != nil)
  }

  @Test("unsqueeze, expand and pad")
  func enlarge() throws {
    let x = try vector(1, 2)
    #expect(try x.unsqueeze(0).shape == [1, 2])
    #expect(try x.unsqueeze(-1).expand([2, 3]).floats() == [1, 1, 1, 2, 2, 2])
    #expect(try x.pad([1, 2]).floats() == [0, 1, 2, 0, 0])
    #expect(try counting(1, 2).pad([0, 1, 1, 0], value: 9).floats() == [9, 9, 9, 0, 1, 9])
  }

  @Test("cat joins along a dimension")
  func join() throws {
    let x = try vector(1, 2)
    let y = try vector(3, 4)
    #expect(try Tensor.cat([x, y], dim: 0).floats() == [1, 2, 3, 4])
    #expect(torchError { _ = try Tensor.cat([], dim: 0) } != nil)
  }

  @Test("A tensor that has the requested type and device is not copied")
  func conversion() throws {
    let x = try vector(1, 2)
    let same = try x.to(.float32).to(.cpu)
    try x.copy(from: vector(5, 6))
    #expect(try same.floats() == [5, 6])
    #expect(try x.to(.float16).dtype == .float16)
  }
}
