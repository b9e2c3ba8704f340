import Images
import Testing

@Suite("Images and grids of images")
struct ImageGridTests {
  private func plain(_ value: UInt8, width: Int = 2, height: Int = 1) throws -> RGBImage {
    let pixels = [UInt8](repeating: value, count: width * height * 3)
    return try RGBImage(width: width, height: height, pixels: pixels)
  }

  @Test("images, gaps and the place of a missing image")
  func compose() throws {
    let grid = try ImageGrid.compose(
      rows: [[plain(1), plain(2)], [plain(3)]], gap: 1,
      background: RGBColor(red: 9, green: 9, blue: 9))
    #expect(grid.width == 5 && grid.height == 3)
    let reds = stride(from: 0, to: grid.pixels.count, by: 3).map { grid.pixels[$0] }
    #expect(reds == [1, 1, 9, 2, 2] + [9, 9, 9, 9, 9] + [3, 3, 9, 9, 9])
  }

  @Test("no images, different sizes and a negative gap are errors")
  func errors() throws {
    #expect(throws: ImageGridError.noImages) { try ImageGrid.compose(rows: [[], []]) }
    #expect(throws: ImageGridError.negativeGap(-1)) {
      try ImageGrid.compose(rows: [[plain(1)]], gap: -1)
    }
    let sizes = ImageGridError.unequalSizes(width: 2, height: 1, otherWidth: 2, otherHeight: 3)
    #expect(throws: sizes) {
      try ImageGrid.compose(rows: [[plain(1)], [plain(2, height: 3)]])
    }
  }

  @Test(
    "pixels that do not fill the image are an error",
    arguments: [(2, 1, 5), (0, 1, 0), (-1, -1, 3)])
  func wrongPixels(width: Int, height: Int, byteCount: Int) {
    #expect {
      try RGBImage(width: width, height: height, pixels: [UInt8](repeating: 0, count: byteCount))
    } throws: { error in
      "\(error)".contains("\(width) x \(height) pixels cannot be made of \(byteCount) bytes")
    }
    #expect(throws: GrayImageError.self) {
      try GrayImage(
        width: width, height: height, pixels: [UInt8](repeating: 0, count: byteCount))
    }
  }
}
