import Testing
import Torch

@Suite("Creation and bytes")
struct CreationTests {
  @Test("Bytes of every element type come back unchanged", arguments: DType.allCases)
  func bytesRoundTrip(dtype: DType) throws {
    let bytes = (0..<6 * dtype.itemSize).map { dtype == .bool ? UInt8($0 % 2) : UInt8($0 + 1) }
    let tensor = try bytes.withUnsafeBytes { try Tensor(copying: $0, shape: [2, 3], dtype: dtype) }
    #expect(tensor.dtype == dtype)
    #expect(tensor.shape == [2, 3])
    #expect(tensor.count == 6)
    #expect(tensor.device == .cpu)
    #expect(try tensor.bytes() == bytes)
  }

  @Test("A number has the same value in every element type", arguments: DType.allCases)
  func numbers(dtype: DType) throws {
    let value: Double = dtype == .bool ? 1 : 100
    let tensor = try Tensor.full([3], value: value, dtype: dtype)
    #expect(try tensor.doubles() == [value, value, value])
    #expect(try tensor.int64s() == Array(repeating: Int64(value), count: 3))
    #expect(try tensor.uint8s() == Array(repeating: UInt8(value), count: 3))
    #expect(try tensor.floats() == Array(repeating: Float(value), count: 3))
    #expect(try tensor.to(.float64).to(dtype).bytes() == tensor.bytes())
  }

  @Test("Lists of each kind keep their values and choose their type")
  func lists() throws {
    let floats: [Float] = [1.5, -.infinity, 3.4e38]
    #expect(try Tensor(floats, shape: [3]).floats() == floats)
    let doubles = [1e-300, .pi]
    #expect(try Tensor(doubles, shape: [2, 1]).doubles() == doubles)
    let integers: [Int64] = [.min, 0, .max]
    #expect(try Tensor(integers, shape: [3]).int64s() == integers)
    let bytes: [UInt8] = [0, 255]
    #expect(try Tensor(bytes, shape: [2]).uint8s() == bytes)
    #expect(try Tensor([Float(1)], shape: [1]).dtype == .float32)
    #expect(try Tensor([1.0], shape: [1]).dtype == .float64)
    #expect(try Tensor([Int64(1)], shape: [1]).dtype == .int64)
    #expect(try Tensor(bytes, shape: [2]).dtype == .uint8)
  }

  @Test("Scalars and tensors without elements are tensors too")
  func scalarsAndEmpties() throws {
    let scalar = try Tensor([Float(7)], shape: [])
    #expect(scalar.shape == [])
    #expect(scalar.dimensions == 0)
    #expect(try scalar.item() == 7)
    let none = try Tensor([Float](), shape: [0, 4])
    #expect(none.shape == [0, 4])
    #expect(try none.floats() == [])
    #expect(try none.bytes() == [])
    #expect(try Tensor.empty([2, 0], dtype: .int16).count == 0)
  }

  @Test("zeros, ones, full and arange")
  func constants() throws {
    #expect(try Tensor.zeros([2]).floats() == [0, 0])
    #expect(try Tensor.ones([2], dtype: .bfloat16).floats() == [1, 1])
    #expect(try Tensor.full([1, 2], value: -2.5).floats() == [-2.5, -2.5])
    #expect(try Tensor.arange(end: 3).floats() == [0, 1, 2])
    #expect(
      try Tensor.arange(start: 999, end: -1, step: -333, dtype: .int64).int64s()
        == [999, 666, 333, 0])
  }

  @Test("Elements come in row-major order, also of a view")
  func order() throws {
    #expect(try counting(2, 3).transpose(0, 1).floats() == [0, 3, 1, 4, 2, 5])
    #expect(try counting(2, 3).transpose(0, 1).bytes().count == 24)
  }

  @Test("Narrower types round as in IEEE 754")
  func rounding() throws {
    let tensor = try Tensor([Float(1.0 / 3), 65_519, 1e-8], shape: [3])
    #expect(try tensor.to(.float16).floats() == [0.33325195, 65504, 0])
    #expect(try tensor.to(.bfloat16).floats() == [0.33398438, 65536, 1.0011718e-08])
  }

  @Test("copy(from:) overwrites in place and converts")
  func copy() throws {
    let destination = try Tensor.zeros([2], dtype: .int64)
    let view = try destination.narrow(dim: 0, start: 1, length: 1)
    try destination.copy(from: vector(3.7, -1))
    #expect(try destination.int64s() == [3, -1])
    #expect(try view.int64s() == [-1])
  }

  @Test("A list that does not fill its shape is refused")
  func wrongCounts() throws {
    let error = torchError { _ = try Tensor([Float(1), 2, 3], shape: [2, 2]) }
    #expect(error?.description == "a tensor of 16 bytes was given 12")
    #expect(torchError { _ = try Tensor.zeros([2, -1]) }.map { isOneLine($0.message) } == true)
    let many = torchError { _ = try vector(1, 2).item() }
    #expect(many?.description == "A tensor of shape [2] has no single value to read.")
  }
}
