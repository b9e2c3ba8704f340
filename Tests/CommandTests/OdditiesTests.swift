import Foundation
import Images
import TestSupport
import Testing

extension CommandTests {
  /// Datasets with files that are missing, extra or odd: `dataset` and `train` name each.
  @Suite struct OdditiesTests {
    private let workspace: Workspace

    init() throws { workspace = try Workspace() }

    private func write(_ text: String, _ paths: String...) throws {
      for path in paths { try workspace.write(text, to: "Datasets/odd/\(path)") }
    }

    private func gray(
      _ path: String, _ width: Int, _ height: Int, _ value: UInt8 = 90
    ) throws {
      let pixels = [UInt8](repeating: value, count: width * height * 3)
      let image = try RGBImage(width: width, height: height, pixels: pixels)
      try workspace.write(
        PNGEncoder.encode(image) + Data(path.utf8), to: "Datasets/odd/\(path)")
    }

    private func link(_ path: String, to target: String) throws {
      try FileManager.default.createSymbolicLink(
        atPath: workspace.file("Datasets/odd/\(path)").path, withDestinationPath: target)
    }

    private func dataset(_ more: String...) throws -> Program.Outcome {
      try workspace.run(["dataset", "odd", "--model", Workspace.model] + more)
    }

    private func report(_ more: String...) throws -> Report {
      let outcome = try workspace.run(
        ["dataset", "odd", "--model", Workspace.model, "--json"] + more)
      return try JSONDecoder().decode(Report.self, from: Data(outcome.results.utf8))
    }

    private func training(_ more: String...) throws -> Program.Outcome {
      try workspace.run(
        ["train", "--subject", "odd", "--model", Workspace.model, "--resolution", "64"]
          + ["--steps", "1", "--sample-every", "0", "--device", "cpu"] + more)
    }

    /// A dataset of ordinary files and about 60 others.
    private func writeOddities() throws {
      for name in ["01.png", "02.jfif", "03", "04.png ", "05.dat", "06.png", "06.jpe"] {
        try gray(name, 64, 64)
      }
      try write("a photo of odd", "01.txt", "02.caption", "03.txt", "04.txt", "05.dat.txt")
      try write("odd, red", "06.tags")
      try write(" ", "02.txt")
      try write(#"{"caption": "a photo of odd"}"#, "01.json")
      try write("a photo of odd", "01.caption", "01.png.txt", "07.txt", "notes.txt", "gone.caption")
      try write(
        #"{"file_name": "01.png", "text": "odd", "label": 3}"# + "\n"
          + #"{"file_name": "lost.png", "text": "odd"}"#, "metadata.jsonl")
      try write("file_name,text\n01.png,odd\n", "metadata.csv")
      try write("PAR1", "metadata.parquet", "train-00000.parquet")
      try write("a,b\n1,2\n", "scores.csv", "captions.tsv", "captions.jsonl")
      try write("{", "broken.json")
      try write(#"{"name": "x"}"#, "package.json")
      try write(#"[{"path": "/data", "image": {}, "text": {}}]"#, "concepts.json")
      try gray("01_mask.png", 64, 64, 255)
      try gray("01-masklabel.png", 64, 64, 255)
      for name in ["08-mask.png", "masklabel.png", "09_mask.png", "masks/10.png", "masks/02.png"] {
        try gray(name, 64, 64, 255)
      }
      try gray("01-condlabel.png", 64, 64)
      try write("8BPS", "11.psd")
      try write("x", "12.tga", "13.cr2", "14.xcf", "15.mp4", "16.mov", "17.zip", "18.rar")
      try write("x", "01.npz", "01_te_outputs.npz", "19.safetensors", "20.ckpt")
      try write("x", "subject.yml", "config.toml", "train.yaml")
      try write("x", "README.md", "paper.pdf", "LICENSE", "21", "22.xyz", ".hidden.png", ".notes")
      try write("x", ".DS_Store", "Thumbs.db", "desktop.ini")
      try write("", "23.bin", "24")
      try workspace.write(Data([0xFF, 0xD8, 0xFF, 0xE0, 0]), to: "Datasets/odd/25")
      try gray("more/1.png", 64, 64)
      try gray("26.png/1.png", 64, 64)
      try gray("20240501_trip/1.png", 64, 64)
      try gray("3_odd/27.png", 64, 64)
      try gray("3_odd/deeper/28.png", 64, 64)
      try write("x", "3_odd/29.psd", "3_odd/30.txt", "3_odd/subject.yaml")
      try gray("validation/31.png", 64, 64)
      try write("x", "validation/32.psd", "validation/33.txt")
      try link("34", to: "nowhere")
      #expect(mkfifo(workspace.file("Datasets/odd/35").path, 0o600) == 0)
      try gray("36.png", 640, 64)
      try write("a photo of odd", "36.txt")
    }

    /// Whether a text has a name as a whole, and not as a part of another one.
    private static func names(_ name: String, in text: String) -> Bool {
      func isPart(_ character: Character?) -> Bool {
        character.map { $0.isLetter || $0.isNumber || "_-".contains($0) } ?? false
      }
      return text.ranges(of: name).contains { range in
        let (before, after) = (text[..<range.lowerBound].last, text[range.upperBound...])
        let continues = after.first == "." && isPart(after.dropFirst().first)
        return !isPart(before) && before != "." && before != "/" && !isPart(after.first)
          && !continues
      }
    }

    @Test("dataset names every one of 60 oddities that is not trained on: a golden text")
    func golden() throws {
      try writeOddities()
      let outcome = try dataset("--resolution", "256")
      #expect(outcome.code == 0, "\(outcome.messages)")
      let file = Repository.root.appending(path: "Tests/CommandTests/Fixtures/oddities.txt")
      let expected = try String(contentsOf: file, encoding: .utf8)
      #expect(outcome.results == expected, "\(outcome.results)")
      let files = try report().files
      #expect(files.filter { $0.role == "unused" }.count >= 50)
      #expect(files.allSatisfy { ($0.role == "unused") == ($0.reason != nil) })
      for file in files where file.role == "unused" {
        let parts = file.file.split(separator: "/")
        let places = parts.indices.map { parts[...$0].joined(separator: "/") }
        #expect(places.contains { Self.names($0, in: outcome.results) }, "\(file.file)")
      }
    }

    @Test("train names the same before it trains, and says where the whole list is")
    func train() throws {
      try writeOddities()
      let outcome = try training()
      #expect(outcome.code == 0, "\(outcome.messages)")
      for text in ["08-mask.png", "12.tga", "15.mp4", "notes.txt", "36.png (", "31.png"] {
        #expect(outcome.messages.contains(text), "\(text)")
      }
      for number in 0..<30 { try write("x", "extra-\(number).psd") }
      let messages = try training("--new").messages
      #expect(messages.contains(" and 25 more: an image of a format that is not read"))
      #expect(messages.contains("lora-train dataset odd lists all files and problems"))
      #expect(try dataset().results.contains("extra-29.psd"))
    }

    @Test("Case 04: a mask without its image or of other programs is not trained on")
    func masks() throws {
      for number in 1...3 {
        try gray("0\(number).png", 64, 64)
        try write("a photo of odd \(number)", "0\(number).txt")
      }
      for name in ["04-mask.png", "01_mask.png", "masklabel.png"] { try gray(name, 64, 64, 0) }
      let report = try report()
      #expect(report.images.map(\.file) == ["01.png", "02.png", "03.png"])
      #expect(report.images.map(\.mask) == ["01_mask.png", nil, nil])
      #expect(report.images.map(\.mask_weight) == [0, nil, nil])
      let text = try dataset().results
      #expect(text.contains("04-mask.png, masklabel.png: a mask without its image"))
      #expect(text.contains("01.png (0 %): the mask leaves less than 1 %"))
      for name in ["02-mask.png", "03-mask.png"] { try gray(name, 64, 64, 0) }
      #expect(try dataset().results.contains("every pixel weighs 0.1 (--mask-floor)"))
      let refused = try training("--mask-floor", "0")
      #expect(refused.code == 65)
      #expect(refused.lastMessage.contains("nothing would be trained"))
      #expect(refused.lastMessage.contains("--no-masks"))
      #expect(try dataset("--mask-floor", "0").code == 65)
      let trained = try training("--new")
      #expect(trained.code == 0)
      #expect(trained.messages.contains("every pixel weighs 0.1"))
      #expect(try training("--new", "--no-masks").code == 0)
    }

    @Test("Case 06: images of every extension are read, and others are named")
    func extensions() throws {
      for name in ["04.jfif", "05", "06.png ", "07.tga"] { try gray(name, 64, 64) }
      try write("8BPS", "08.psd")
      let report = try report()
      #expect(report.images.map(\.file) == ["04.jfif", "05", "06.png ", "07.tga"])
      #expect(report.files.first { $0.file == "08.psd" }?.role == "unused")
    }

    @Test(
      "Case 14: the share that is cut off is in the table and the JSON, and over 25 % a problem")
    func crops() throws {
      try gray("a.png", 100, 1000)
      try write("a photo of odd", "a.txt")
      let large = try #require(report("--resolution", "1024").images.first)
      #expect(large.bucket == [256, 2048] && abs(large.cut_away - 0.2) < 0.001)
      let image = try #require(report("--no-buckets", "--resolution", "256").images.first)
      #expect(image.bucket == [256, 256] && abs(image.cut_away - 0.9) < 0.001)
      #expect(image.never_seen == image.cut_away)
      #expect(image.problems.contains { $0.contains("focus") && $0.contains("`buckets: true`") })
      let text = try dataset("--no-buckets", "--resolution", "256").results
      #expect(text.contains("a.png (90 %): more than a quarter of the image is cut off"))
      #expect(text.contains("--buckets") && text.contains(" 90 % "))
      let random = try #require(
        report("--no-buckets", "--resolution", "256", "--crop", "random").images.first)
      #expect(random.never_seen == 0 && random.cut_away == image.cut_away)
      try gray("a.png", 1200, 300)
      let small = try #require(report("--resolution", "256").images.first)
      #expect(small.bucket == [512, 128] && small.cut_away == 0 && small.never_seen == 0)
    }

    @Test("Case 17: captions of other programs are read")
    func captions() throws {
      for number in 1...3 { try gray("0\(number).png", 64, 64) }
      try write(#"{"caption":"an odd"}"#, "01.json")
      try write("an odd", "02.tags")
      try write(#"{"03.png":{"caption":"an odd"}}"#, "meta_cap.json")
      #expect(try report().images.map(\.caption) == ["an odd", "an odd", "an odd"])
    }

    @Test("Folders of validation images that are not evaluated have a role")
    func validationFolders() throws {
      for name in ["1.png", "validation/1.png", "held-out/1.png"] { try gray(name, 64, 64) }
      func unused(_ report: Report) -> [String] {
        report.files.filter { $0.role == "unused" }.map(\.file)
      }
      #expect(try unused(report()) == ["held-out"])
      #expect(try unused(report("--validate-every", "0")) == ["validation", "held-out"])
      #expect(
        try unused(report("--validate-every", "0", "--validation-dataset", "other"))
          == ["other", "validation", "held-out"])
    }

    @Test("--empty-captions trains images without text with an empty caption")
    func emptyCaptions() throws {
      try gray("1.png", 256, 256)
      try write("", "1.txt")
      let image = try #require(report().images.first)
      #expect(image.caption == "a photo of odd")
      #expect(image.problems.contains { $0.contains("`empty_captions: true`") })
      let empty = try #require(report("--empty-captions").images.first)
      #expect(empty.caption == "" && empty.problems.isEmpty)
    }
  }
}

/// The fields of `dataset --json` on files.
private struct Report: Decodable {
  struct Image: Decodable {
    let file: String
    let bucket: [Int]
    let cut_away: Double
    let never_seen: Double
    let caption: String
    let mask: String?
    let mask_weight: Double?
    let problems: [String]
  }

  struct File: Decodable {
    let file: String
    let role: String
    let reason: String?
  }

  let images: [Image]
  let files: [File]
}
