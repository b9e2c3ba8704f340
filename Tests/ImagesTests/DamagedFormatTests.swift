import Foundation
import Images
import Testing

@Suite("Damaged WebP, GIF, BMP, TIFF, HEIC and AVIF give an error or an image, never a crash")
struct DamagedFormatTests {
  private static let limits = ImageLimits(pixels: 1 << 18)

  /// The second page of a TIFF, the second frame of a GIF, and the profile at the end of a file are not
  /// missed where the file is cut: what is decoded is whole.
  @Test("cut at 60 places, a file is truncated or gives all pixels", arguments: FormatFixtures.all)
  func truncated(name: String) throws {
    let data = try FormatFixtures.data(name)
    let header = try ImageDecoder.header(data)
    let whole = try ImageDecoder.decode(data)
    for place in 0..<60 {
      // The signature of BMP and HEIC needs 24 bytes.
      let cut = data.prefix(max(data.count * place / 60, 24))
      do {
        let image = try ImageDecoder.decode(cut, name: name)
        let found = try ImageDecoder.header(cut)
        #expect(image == whole || found.colorProfile == "unreadable", "\(cut.count)")
        #expect(found.colorProfile == header.colorProfile || !found.convertsColors, "\(cut.count)")
        #expect([.tiff, .gif].contains(header.format), "\(cut.count) bytes")
      } catch {
        #expect(error == ImageError(file: name, problem: .truncated(header.format)), "\(cut.count)")
      }
    }
  }

  @Test(
    "bytes changed at random: the size of the header or an error", arguments: FormatFixtures.all)
  func changedBytes(name: String) throws {
    let original = try FormatFixtures.data(name)
    var random = SplitMix(state: UInt64(original.count))
    for _ in 0..<40 {
      var data = original
      for _ in 0...Int.random(in: 0..<5, using: &random) {
        // Every other change is in the first 200 bytes, where the structure is.
        let range = Bool.random(using: &random) ? 0..<min(200, data.count) : 0..<data.count
        data[Int.random(in: range, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      let start = try processorTime()
      do {
        let image = try ImageDecoder.decode(data, limits: Self.limits)
        let size = PixelSize(width: image.width, height: image.height)
        #expect(try ImageDecoder.header(data).orientedSize == size)
      } catch {
        #expect(error.description.hasPrefix("The image data ") && error.description.hasSuffix("."))
      }
      #expect(try processorTime() - start < .seconds(1))
    }
  }

  /// The time that this thread has taken, whatever else the machine does.
  private func processorTime() throws -> Duration {
    var time = timespec()
    try #require(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }

  /// Where a header has its sides: little-endian for most, big-endian for HEIF's `ispe` box.
  private func sides(_ width: UInt32, _ height: UInt32, in name: String) throws -> Data {
    var data = try FormatFixtures.data(name)
    func put(_ value: UInt32, at offset: Int, bytes: Int, bigEndian: Bool = false) {
      for index in 0..<bytes {
        let shift = 8 * (bigEndian ? bytes - 1 - index : index)
        data[offset + index] = UInt8(value >> shift & 255)
      }
    }
    switch FormatFixtures.format(of: name) {
    case .gif:
      put(width, at: 6, bytes: 2)
      put(height, at: 8, bytes: 2)
    case .bmp:
      put(width, at: 18, bytes: 4)
      put(height, at: 22, bytes: 4)
    case .tiff:
      for (tag, value) in [(UInt8(0), width), (1, height)] {
        // Numbers of 16 or of 32 bits.
        let entry = try #require(
          data.firstRange(of: [tag, 1, 3, 0, 1, 0, 0, 0])
            ?? data.firstRange(of: [tag, 1, 4, 0, 1, 0, 0, 0]))
        put(4, at: entry.lowerBound + 2, bytes: 2)
        put(value, at: entry.upperBound, bytes: 4)
      }
    case .heic, .avif:
      while let box = data.firstRange(of: Data("ispe".utf8)) {
        put(width, at: box.upperBound + 4, bytes: 4, bigEndian: true)
        put(height, at: box.upperBound + 8, bytes: 4, bigEndian: true)
        data[box.lowerBound] = UInt8(ascii: "I")
      }
      while let box = data.firstRange(of: Data("Ispe".utf8)) {
        data[box.lowerBound] = UInt8(ascii: "i")
      }
    case .webp, .png, .jpeg, nil:
      Issue.record("\(name) has no sides to change")
    }
    return data
  }

  static let sized = ["plain.gif", "rgb.bmp", "raw.tif", "lossless.heic", "lossless.avif"]
    .filter(FormatFixtures.all.contains)

  @Test("a file that claims absurd sides is refused from its header", arguments: sized)
  func absurd(name: String) throws {
    let limits = ImageLimits()
    let problem = ImageError.Problem.tooLarge(width: 65_535, height: 65_535, limits: limits)
    let data = try sides(65_535, 65_535, in: name)
    #expect {
      try ImageDecoder.header(data)
    } throws: { error in
      let found = (error as? ImageError)?.problem
      guard case .damaged(let format, let reason) = found else { return found == problem }
      // libheif has a limit of its own.
      return [.heic, .avif].contains(format) && reason.contains("maximum image size")
        && !reason.contains("\n")
    }
  }

  @Test(
    "a sequence without a still image is no cut file", .enabled(if: ImageFormat.avif.isReadable))
  func sequence() throws {
    var data = try FormatFixtures.data("animated.avif")
    data.replaceSubrange(
      try #require(data.firstRange(of: Data("meta".utf8))), with: Data("free".utf8))
    let problem = ImageError.Problem.damaged(.avif, "a sequence without a still image")
    #expect(throws: ImageError(file: nil, problem: problem)) { try ImageDecoder.header(data) }
  }

  /// libheif may take the size from the compressed image instead.
  private func isRefusedOrWhole(_ data: Data, _ name: String) throws -> Bool {
    do {
      let image = try ImageDecoder.decode(data)
      return try [.heic, .avif].contains(ImageDecoder.header(data).format)
        && image == ImageDecoder.decode(FormatFixtures.data(name))
    } catch is ImageError {
      return true
    }
  }

  @Test("a side of zero is an error", arguments: sized.filter { !$0.hasSuffix("gif") })
  func zero(name: String) throws {
    for (width, height) in [(0, 43), (61, 0), (0, 0)] as [(UInt32, UInt32)] {
      let isRight = try isRefusedOrWhole(sides(width, height, in: name), name)
      #expect(isRight)
    }
  }

  @Test("a file that claims more pixels than it has ends early or is damaged", arguments: sized)
  func larger(name: String) throws {
    let data = try sides(400, 300, in: name)
    if name.hasSuffix("gif") {
      let header = try ImageDecoder.header(data)
      #expect(header.hasAlpha && header.width == 400)
    } else {
      let isRight = try isRefusedOrWhole(data, name)
      #expect(isRight)
    }
  }

  @Test("limits are exact", arguments: FormatFixtures.all)
  func limits(name: String) throws {
    let data = try FormatFixtures.data(name)
    let size = try ImageDecoder.header(data).orientedSize
    let exact = ImageLimits(side: max(size.width, size.height), pixels: size.width * size.height)
    #expect(throws: Never.self) { try ImageDecoder.decode(data, limits: exact) }
    #expect(throws: ImageError.self) {
      try ImageDecoder.decode(data, limits: ImageLimits(pixels: exact.pixels - 1))
    }
  }
}
