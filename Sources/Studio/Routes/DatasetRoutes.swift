import Datasets
import Foundation
import HTTPTypes
import Hummingbird
import Images
import Pages
import RunLog
import Workspace

/// The pages of datasets and their interface.
extension Studio {
  /// The largest file that can be added, in bytes.
  private static let largestFile = 64 << 20

  func addDatasets(to router: Router<BasicRequestContext>) {
    router.get("/datasets") { _, _ in
      try await blocking { Answer.html(try templates.html(subjectsPage())) }
    }
    router.get("/datasets/:subject") { request, context in
      let name = try context.name("subject", request)
      return try await blocking { Answer.html(try templates.html(try subjectPage(name))) }
    }
    router.get("/datasets/:subject/train") { request, context in
      let name = try context.name("subject", request)
      return try await blocking { Answer.html(try templates.html(try trainPage(name))) }
    }
    router.get("/api/datasets") { _, _ in
      try await blocking { try Answer.json(subjects.names) }
    }
    router.post("/api/datasets") { request, _ in
      guard let name = try await request.fields("subject")["subject"]?.string else {
        throw StudioError.otherType("subject", allowed: "a name")
      }
      return try await blocking {
        _ = try DatasetEditor.create(subject: name, in: subjects.datasets)
        return try Answer.json(["subject": name], status: .created)
      }
    }
    router.get("/api/datasets/:subject") { request, context in
      let name = try context.name("subject", request)
      return try await blockingOnImages {
        guard try !subjects.editor(name).images().isEmpty else {
          return try Answer.json(["problems": [String]()])
        }
        var report = try subjects.report(name)
        report.decodeImages { _, _ in }
        return try Answer.json(report)
      }
    }
    router.post("/api/datasets/:subject/files") { request, context in
      let name = try context.name("subject", request)
      let file = request.uri.queryParameters.get("name") ?? ""
      let data = try await uploads.body(of: request, limit: Self.largestFile)
      return try await blockingOnImages {
        let added = try subjects.editor(name).add(data, named: file)
        return try Answer.json(ReceivedFile(added), status: .created)
      }
    }
    addImages(to: router)
    addEdits(to: router)
  }

  /// Pictures of images.
  private func addImages(to router: Router<BasicRequestContext>) {
    router.get("/api/datasets/:subject/tile") { request, context in
      let (name, image) = try context.image(request)
      return try await blockingOnImages { try tile(of: image, in: name, to: request) }
    }
    router.get("/api/datasets/:subject/image") { request, context in
      let (name, image) = try context.image(request)
      return try await blockingOnImages {
        let file = try subjects.editor(name).image(image).url
        return try Answer.png(at: file, version: "whole", to: request) {
          try PNGEncoder.encode(ImageDecoder.decode(contentsOf: file).within(Self.longestSide))
        }
      }
    }
    router.get("/api/datasets/:subject/mask") { request, context in
      let (name, image) = try context.image(request)
      return try await blockingOnImages {
        guard case .file(let file) = try subjects.editor(name).image(image).image?.mask else {
          throw RequestError.noPage(request.uri.path)
        }
        return try Answer.png(at: file, version: "mask", to: request) {
          try PNGEncoder.encode(ImageDecoder.decode(contentsOf: file).within(Self.longestSide))
        }
      }
    }
  }

  private static let longestSide = 1536

  /// Changes.
  private func addEdits(to router: Router<BasicRequestContext>) {
    router.on("/api/datasets/:subject/caption", method: .put) { request, context in
      let (name, image) = try context.image(request)
      guard let caption = try await request.fields("caption")["caption"]?.string else {
        throw StudioError.otherType("caption", allowed: "a text")
      }
      return try await blocking {
        try subjects.editor(name).setCaption(caption, of: image)
        return Answer.done()
      }
    }
    router.on("/api/datasets/:subject/focus", method: .put) { request, context in
      let (name, image) = try context.image(request)
      let point = try FocusPoint(field: try await request.fields("focus")["focus"])
      return try await blocking {
        try subjects.editor(name).setFocus(point, of: image)
        return Answer.done()
      }
    }
    router.on("/api/datasets/:subject/excluded", method: .put) { request, context in
      let (name, image) = try context.image(request)
      guard case .bool(let isExcluded) = try await request.fields("excluded")["excluded"] else {
        throw StudioError.otherType("excluded", allowed: "true or false")
      }
      return try await blocking {
        try subjects.editor(name).setExcluded(isExcluded, image)
        return Answer.done()
      }
    }
    router.on("/api/datasets/:subject/mask", method: .put) { request, context in
      let (name, image) = try context.image(request)
      let data = try await uploads.body(of: request, limit: Self.largestFile)
      return try await blockingOnImages {
        try subjects.editor(name).setMask(data, of: image)
        return Answer.done()
      }
    }
    router.delete("/api/datasets/:subject/mask") { request, context in
      let (name, image) = try context.image(request)
      return try await blocking {
        try subjects.editor(name).setMask(nil, of: image)
        return Answer.done()
      }
    }
    router.delete("/api/datasets/:subject/image") { request, context in
      let (name, image) = try context.image(request)
      return try await blocking {
        let removed = try subjects.editor(name).remove(image)
        return try Answer.json(["folder": removed.folder])
      }
    }
    router.on("/api/datasets/:subject/settings", method: .put) { request, context in
      let name = try context.name("subject", request)
      let fields = try await request.fields("trigger", "class_word", "caption")
      return try await blocking {
        try subjects.editor(name).changeSettings { settings in
          if let word = fields["trigger"]?.string { settings.trigger = word.isEmpty ? nil : word }
          if let word = fields["class_word"]?.string {
            settings.classWord = word.isEmpty ? nil : word
          }
          if let text = fields["caption"]?.string { settings.caption = text.isEmpty ? nil : text }
        }
        return Answer.done()
      }
    }
    router.post("/api/datasets/:subject/captions/preview") { request, context in
      let name = try context.name("subject", request)
      let edit = try CaptionEdit(
        fields: try await request.fields("edit", "text", "with", "ignoring_case"))
      return try await blocking {
        try Answer.json(subjects.editor(name).changes(edit).map(ShownChange.init))
      }
    }
    router.post("/api/datasets/:subject/captions") { request, context in
      let name = try context.name("subject", request)
      let changes = try await request.decoded(Changes.self).changes
      return try await blocking {
        try subjects.editor(name).apply(changes.map(\.change))
        return Answer.done()
      }
    }
  }
}

/// A file that was added to a dataset.
private struct ReceivedFile: Encodable {
  let name: String
  let isPresent: Bool

  private enum CodingKeys: String, CodingKey {
    case name
    case isPresent = "is_present"
  }

  init(_ file: AddedFile) { (name, isPresent) = (file.name, file.isPresent) }
}

/// The changes of captions that a page has shown.
private struct Changes: Decodable {
  let changes: [ShownChange]
}

/// What an edit changes in one image.
struct ShownChange: Codable {
  let image: String
  let before: String
  let after: String

  init(_ change: CaptionChange) {
    (image, before, after) = (change.image, change.before, change.after)
  }

  var change: CaptionChange { CaptionChange(image: image, before: before, after: after) }
}
