import Foundation
import Images
import TestSupport
import Testing

extension CommandTests {
  /// The report on a dataset before a training.
  @Suite struct DatasetCommandTests {
    private let workspace: Workspace

    /// A dataset with several kinds of problems.
    init() throws {
      workspace = try Workspace()
      try write("wide.png", width: 600, height: 400, caption: "a photo of box, wide")
      try write("copy.png", width: 600, height: 400, caption: "the same box again")
      try write("small.png", width: 96, height: 80, caption: words(100))
      try write("tall.png", width: 400, height: 600, caption: nil)
    }

    @Test("--json has every image with its crop, bucket, caption and problems")
    func json() throws {
      let outcome = try dataset("--json")
      #expect(outcome.code == 0, "\(outcome.messages)")
      let report = try decode(outcome)
      #expect(report.images.map(\.file) == ["copy.png", "small.png", "tall.png", "wide.png"])
      let (small, tall, wide) = (report.images[1], report.images[2], report.images[3])
      #expect(wide.width == 600 && wide.height == 400)
      #expect(wide.resized == [640, 427] && wide.bucket == [640, 384])
      #expect(wide.crop_top == 21 && wide.crop_left == 0)
      #expect(tall.resized == [427, 640] && tall.bucket == [384, 640])
      #expect(tall.crop_top == 0 && tall.crop_left == 21)
      #expect(wide.caption == "a photo of box, wide" && !wide.truncated)
      #expect(tall.caption == "a photo of box" && wide.tokens > tall.tokens)
      #expect(small.truncated && small.tokens > 75)
      #expect(small.problems.contains { $0.contains("longer than 75 tokens") })
      #expect(small.problems.contains { $0.contains("is enlarged") })
      #expect(wide.problems.contains { $0.contains("the same image") } && report.unusable.isEmpty)
      #expect(report.problems.contains { $0.hasPrefix("small.png: 96x80 is enlarged") })
      #expect(report.problems.contains { $0.contains("do not fill batches of 2") })
      // The two wide ones together, the others alone.
      #expect(report.steps_per_epoch == 3)
      #expect(try decode(dataset("--json", "--gradient-accumulation", "2")).steps_per_epoch == 2)
    }

    @Test("Files that cannot be used are named, the rest is reported, and the exit code is 65")
    func unusable() throws {
      let whole = try workspace.image(1)
      try workspace.write(whole.prefix(whole.count * 3 / 4), to: "Datasets/box/cut.png")
      try workspace.write("a photo of box", to: "Datasets/box/cut.txt")
      for name in ["baseline-420.jpg", "progressive-420.jpg"] {
        let photo = try Data(
          contentsOf: Repository.root.appending(path: "Tests/ImagesTests/Fixtures/\(name)"))
        try workspace.write(photo.prefix(photo.count * 3 / 4), to: "Datasets/box/\(name)")
      }
      try workspace.write("no image", to: "Datasets/box/text.jpg")
      let outcome = try dataset("--json")
      #expect(outcome.code == 65)
      let report = try decode(outcome)
      #expect(
        report.unusable.map(\.file).sorted() == [
          "baseline-420.jpg", "cut.png", "progressive-420.jpg", "text.jpg",
        ])
      for name in ["cut.png", "baseline-420.jpg", "progressive-420.jpg"] {
        #expect(report.unusable.contains { $0.problem.contains("\(name) is truncated") })
      }
      #expect(report.problems.contains { $0.contains("text.jpg is not an image that can be read") })
      #expect(report.images.count == 4 && report.steps_per_epoch == 3)

      let table = try dataset()
      #expect(table.code == 65)
      #expect(table.results.contains("Datasets/box/cut.png is truncated"))
      #expect(table.results.contains("wide.png   600x400"))
    }

    @Test("The table marks images with problems and counts the captions with the trigger")
    func table() throws {
      let lines = try dataset().results.split(separator: "\n").map(String.init)
      let wide = try #require(lines.first { $0.contains("wide.png   600x400  640x384") })
      #expect(wide.contains("21,0") && wide.contains("1.07") && wide.hasPrefix("!"))
      #expect(lines.contains { $0.contains("steps per epoch") && $0.contains("3 (batches of 2)") })
      #expect(lines.contains { $0.contains("\"box\", in 3 of 4 captions, missing: small.png") })
    }

    @Test("Validation images are decoded, and compared with those that are trained on")
    func validationImages() throws {
      let whole = try workspace.image(1)
      try workspace.write(whole, to: "Datasets/box/whole.png")
      try workspace.write(whole, to: "Datasets/box/validation/same.png")
      let table = try dataset()
      #expect(table.code == 0, "\(table.messages)")
      #expect(
        table.results.contains(
          "validation/same.png: the same image is trained on, so its loss does not show over-fitting"
        ))
      try workspace.write(
        whole.prefix(whole.count * 3 / 4), to: "Datasets/box/validation/cut.png")
      let outcome = try dataset("--json")
      #expect(outcome.code == 65)
      let report = try decode(outcome)
      #expect(report.unusable.map(\.file) == ["validation/cut.png"])
      #expect(report.images.count == 5)
    }

    @Test("Control characters in names and captions are printed as escapes")
    func controlCharacters() throws {
      try workspace.write(workspace.image(1), to: "Datasets/box/a\u{1B}[31m\n.png")
      try workspace.write("a photo of box\u{7}", to: "Datasets/box/a\u{1B}[31m\n.txt")
      let results = try dataset().results
      #expect(results.contains(#"a\u{1b}[31m\n.png"#))
      #expect(results.contains(#"a photo of box\u{7}"#))
      #expect(!results.contains("\u{1B}") && !results.contains("\u{7}"))
    }

    @Test("Training options change the report")
    func options() throws {
      let squares = try decode(dataset("--json", "--no-buckets"))
      #expect(squares.images.allSatisfy { $0.bucket == [512, 512] })
      let framed = try decode(dataset("--json", "--caption-prefix", "oil:", "--no-upscale"))
      #expect(framed.images[3].caption == "oil: a photo of box, wide")
      #expect(framed.images[1].bucket == [64, 64])
      #expect(!framed.problems.contains { $0.contains("is enlarged") })
    }

    @Test("--sheet shows the crop in full light, the cropped part dimmed and the masked part pink")
    func contactSheet() throws {
      try workspace.write(
        image(width: 600, height: 400) { _ in [0, 200, 0] }, to: "Datasets/plain/plain.png")
      try workspace.write(
        image(width: 600, height: 400) { $0 % 600 < 300 ? [0, 0, 0] : [255, 255, 255] },
        to: "Datasets/plain/plain-mask.png")
      let sheet = try self.sheet()
      #expect(sheet.width == 16 + 380 + 16 && (380...480).contains(sheet.height))
      // Down through the right half: paper, the dimmed part, the edge, the crop, and the same again.
      let column = column(300, of: sheet)
      let bright = column.indices.filter { column[$0] == [0, 200, 0] }
      let dimmed = column.indices.filter { column[$0] == [0, 70, 0] }
      #expect((220...228).contains(bright.count) && (23...27).contains(dimmed.count))
      #expect(bright == Array(bright[0]...bright[bright.count - 1]))
      #expect(dimmed.filter { $0 < bright[0] }.count == 12)
      let masked = self.column(100, of: sheet)
      #expect(bright.allSatisfy { masked[$0] == [128, 100, 80] })
      let unmasked = try self.column(100, of: self.sheet("--no-masks"))
      #expect(unmasked.filter { $0 == [0, 200, 0] }.count == bright.count)
    }

    @Test("--fix prints commands with their reasons and runs none; --json has them, too")
    func fix() throws {
      try workspace.write(Data([0x61, 0xE9, 0x62]), to: "Datasets/box/wide.txt")
      let before = try workspace.files(below: "Datasets")
      let outcome = try dataset("--fix")
      #expect(outcome.code == 65)
      let lines = outcome.results.split(separator: "\n")
      #expect(!lines.isEmpty && lines.count.isMultiple(of: 2))
      for (index, line) in lines.enumerated() {
        #expect(line.hasPrefix("# ") == index.isMultiple(of: 2), "\(line)")
      }
      #expect(lines.contains { $0.hasPrefix("iconv ") && $0.contains("Datasets/box/wide.txt") })
      #expect(try workspace.files(below: "Datasets") == before)
      let fixes = try decode(dataset("--json")).fixes
      #expect(fixes.flatMap(\.commands).count == lines.count / 2)
    }

    @Test("An unknown name, a sheet that cannot be written, and a sheet that is no PNG")
    func refusals() throws {
      let unknown = try workspace.run("dataset", "boxx", "--model", Workspace.model)
      #expect(unknown.code == 66)
      #expect(unknown.messages.contains("did you mean \"box\"?"))
      let blocked = try dataset("--sheet", "Datasets/box/wide.png/sheet.png")
      #expect(blocked.code == 73)
      #expect(blocked.lastMessage.contains("wide.png"))
      #expect(try dataset("--sheet", "sheet.jpg").code == 64)
    }

    private static let photographs = Repository.shared("photos/exif-orientation")

    @Test(
      "Images with an EXIF orientation have the size and crop of the upright image",
      .enabled(if: photographs != nil))
    func orientation() throws {
      let photographs = try #require(Self.photographs)
      let outcome = try workspace.run(
        "dataset", "turned", "--dataset", photographs.path, "--model", Workspace.model,
        "--resolution", "512", "--json")
      #expect(outcome.code == 0, "\(outcome.messages)")
      let images = try decode(outcome).images
      #expect(images.count == 18)
      for image in images {
        let size = image.file.hasPrefix("Landscape") ? [1800, 1200] : [1200, 1800]
        #expect([image.width, image.height] == size, "\(image.file)")
        let upright = try #require(
          images.first { $0.file == "\(image.file.prefix { $0 != "_" })_0.jpg" })
        #expect(image.resized == upright.resized && image.bucket == upright.bucket)
        #expect(image.crop_top == upright.crop_top && image.crop_left == upright.crop_left)
      }
    }

    /// The sheet of the plain image.
    private func sheet(_ more: String...) throws -> RGBImage {
      let outcome = try workspace.run(
        ["dataset", "plain", "--model", Workspace.model, "--resolution", "512"]
          + ["--sheet", "sheets/plain.png"] + more)
      #expect(outcome.code == 0, "\(outcome.messages)")
      return try ImageDecoder.decode(contentsOf: workspace.file("sheets/plain.png"))
    }

    private func column(_ x: Int, of image: RGBImage) -> [[UInt8]] {
      (0..<image.height).map { y in
        Array(image.pixels[(y * image.width + x) * 3..<(y * image.width + x) * 3 + 3])
      }
    }

    private func dataset(_ more: String...) throws -> Program.Outcome {
      try workspace.run(
        ["dataset", "box", "--model", Workspace.model, "--resolution", "512", "--batch-size", "2"]
          + more)
    }

    private func decode(_ outcome: Program.Outcome) throws -> Report {
      try JSONDecoder().decode(Report.self, from: Data(outcome.results.utf8))
    }

    private func write(_ name: String, width: Int, height: Int, caption: String?) throws {
      let stripes = try image(width: width, height: height) { index in
        [UInt8(index % 251), UInt8(index % 83), UInt8(index / width % 256)]
      }
      try workspace.write(stripes, to: "Datasets/box/\(name)")
      if let caption {
        try workspace.write(caption, to: "Datasets/box/\(name.dropLast(4)).txt")
      }
    }

    private func image(
      width: Int, height: Int, _ pixel: (Int) -> [UInt8]
    ) throws -> Data {
      let pixels = (0..<width * height).flatMap(pixel)
      return try PNGEncoder.encode(RGBImage(width: width, height: height, pixels: pixels))
    }

    private func words(_ count: Int) -> String {
      Array(repeating: "word", count: count).joined(separator: " ")
    }
  }
}

/// The fields of `dataset --json` that other programs rely on.
private struct Report: Decodable {
  struct Image: Decodable {
    let file: String
    let width: Int
    let height: Int
    let resized: [Int]
    let bucket: [Int]
    let crop_top: Int
    let crop_left: Int
    let caption: String
    let tokens: Int
    let truncated: Bool
    let problems: [String]
  }

  struct Unusable: Decodable {
    let file: String
    let problem: String
  }

  struct Fix: Decodable {
    let why: String
    let commands: [String]
  }

  let images: [Image]
  let problems: [String]
  let steps_per_epoch: Int
  let unusable: [Unusable]
  let fixes: [Fix]
}
