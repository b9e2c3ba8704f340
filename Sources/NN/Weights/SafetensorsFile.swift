public import Foundation
public import Torch

/// A safetensors file, mapped into memory. Its tensors are views of the file and take no memory
/// until they are read.
public final class SafetensorsFile {
  /// The opened file.
  public let url: URL

  private let file: MappedFile
  private let header: SafetensorsHeader
  private let dataStart: Int

  /// Opens a file and checks its header. Throws `WeightsError`.
  public init(contentsOf url: URL) throws {
    self.url = url
    file = try MappedFile(url)
    do {
      let headerSize = try Self.headerSize(file.bytes)
      dataStart = 8 + headerSize
      header = try SafetensorsHeader(
        json: Data(file.bytes[8..<dataStart]), dataSize: file.bytes.count - dataStart)
    } catch let problem as SafetensorsProblem {
      if Pickle.isPickle(file.bytes) { throw WeightsError.pickled(file: url.relativePath) }
      throw problem.isOtherType
        ? WeightsError.otherType(file: url.relativePath, problem: problem.text)
        : WeightsError.malformed(file: url.relativePath, problem: problem.text)
    }
  }

  /// The size of the file in bytes.
  package var size: Int { file.bytes.count }

  /// The names of the tensors, sorted.
  public var names: [String] { header.entries.keys.sorted() }

  /// The free text in the file's `__metadata__`.
  public var metadata: [String: String] { header.metadata }

  /// The shape of a tensor, or nil if no tensor has that name.
  public func shape(of name: String) -> [Int]? { header.entries[name]?.shape }

  /// The element type of a tensor, or nil if no tensor has that name.
  public func dtype(of name: String) -> DType? { header.entries[name]?.dtype }

  /// A tensor on the CPU: a view of the file, or a copy if the file does not align it. Throws
  /// `WeightsError.noTensor`, `TorchError`.
  public func tensor(_ name: String) throws -> Tensor { try tensor(name, keeping: file) }

  /// As ``tensor(_:)``. The tensor's pages are read at once, and leave memory when nothing uses the
  /// result any more.
  func borrowed(_ name: String) throws -> Tensor {
    guard let range = range(of: name) else { return try tensor(name) }
    file.load(range)
    return try tensor(name, keeping: BorrowedPages(of: file, range))
  }

  /// Starts to read the pages of a tensor.
  func prefetch(_ name: String) {
    if let range = range(of: name) { file.prefetch(range) }
  }

  /// The place of a tensor in the file.
  private func range(of name: String) -> Range<Int>? {
    header.entries[name].map { dataStart + $0.range.lowerBound..<dataStart + $0.range.upperBound }
  }

  private func tensor(_ name: String, keeping owner: AnyObject) throws -> Tensor {
    guard let entry = header.entries[name] else {
      throw WeightsError.noTensor(file: url.relativePath, name: name)
    }
    guard !entry.range.isEmpty, let base = file.bytes.baseAddress else {
      return try .empty(entry.shape, dtype: entry.dtype)
    }
    let address = base + dataStart + entry.range.lowerBound
    if isAligned(name) {
      return try Tensor(over: address, shape: entry.shape, dtype: entry.dtype, keeping: owner)
    }
    let bytes = UnsafeRawBufferPointer(start: address, count: entry.range.count)
    return try Tensor(copying: bytes, shape: entry.shape, dtype: entry.dtype)
  }

  /// Whether the file aligns a tensor, so that it is a view.
  func isAligned(_ name: String) -> Bool {
    // Mapped memory begins at a page, so offsets decide.
    header.entries[name].map { (dataStart + $0.range.lowerBound) % $0.dtype.itemSize == 0 } ?? false
  }

  /// Lets the pages of a tensor leave memory. They are read from the file again when needed, so
  /// views of the tensor stay valid.
  func release(_ name: String) {
    if let range = range(of: name) { file.release(range) }
  }

  /// The length of the header in bytes: the first eight bytes, little-endian.
  private static func headerSize(_ bytes: UnsafeRawBufferPointer) throws -> Int {
    guard bytes.count >= 8 else {
      throw SafetensorsProblem("it has \(bytes.count) bytes, fewer than the length of a header")
    }
    let size = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard size <= SafetensorsHeader.limit else {
      throw SafetensorsProblem("its header claims \(size) bytes, more than the format allows")
    }
    guard size <= UInt64(bytes.count - 8) else {
      throw SafetensorsProblem(
        "its header claims \(size) bytes, but the file ends after \(bytes.count - 8)")
    }
    return Int(size)
  }
}

/// Pages of a file that leave memory with the last reference to this.
private final class BorrowedPages {
  private let file: MappedFile
  private let range: Range<Int>

  init(of file: MappedFile, _ range: Range<Int>) {
    self.file = file
    self.range = range
  }

  deinit { file.release(range) }
}
