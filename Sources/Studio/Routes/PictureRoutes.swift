import Foundation
import HTTPTypes
import Hummingbird
import RunLog
import StableDiffusion
import Workspace

/// The interface for pictures.
extension Studio {
  /// The most pictures in one answer.
  private static let mostPictures = 200

  func addPictures(to router: Router<BasicRequestContext>) {
    router.post("/api/pictures") { request, _ in
      let order = try PictureOrder(try await request.fields())
      let job = try await blocking { try queue.submit(order) }
      return try Answer.json(job, status: .accepted)
    }
    router.get("/api/models") { _, _ in
      try await blocking { try Answer.json(Painters(project)) }
    }
    router.get("/api/pictures") { request, _ in
      let parameters = request.uri.queryParameters
      let limit = min(max(1, parameters.get("limit", as: Int.self) ?? 60), Self.mostPictures)
      let before = parameters.get("before", as: Int64.self)
      let isStarred = parameters.get("starred") == "true"
      return try await blocking {
        try Answer.json(
          pictures(before: before, starred: isStarred, limit: limit).map { try shown($0) })
      }
    }
    router.get("/api/pictures/:id") { request, context in
      let id = try context.number("id", request)
      return try await blocking { try Answer.json(try shown(try picture(id), isWhole: true)) }
    }
    router.delete("/api/pictures/:id") { request, context in
      let id = try context.number("id", request)
      return try await blocking {
        try queue.gallery.remove(id)
        return Answer.done()
      }
    }
    router.get("/api/pictures/:id/file") { request, context in
      let id = try context.number("id", request)
      let side = request.uri.queryParameters.get("side", as: Int.self)
      return try await blockingOnImages {
        let file = project.url.appending(path: try picture(id).picture.path)
        guard let side, (16...2048).contains(side) else {
          return try Answer.png(at: file, to: request)
        }
        return try Answer.png(at: file, version: "\(side)", to: request) {
          try thumbnails.small(file, side: side)
        }
      }
    }
    router.on("/api/pictures/:id/star", method: .put) { request, context in
      let id = try context.number("id", request)
      guard case .bool(let isStarred) = try await request.fields("starred")["starred"] else {
        throw StudioError.otherType("starred", allowed: "true or false")
      }
      return try await blocking {
        _ = try picture(id)
        try queue.gallery.writing().star(id, isStarred)
        return Answer.done()
      }
    }
  }
}

/// What can be drawn with, besides the checkpoints of runs.
private struct Painters: Encodable {
  let models: [String]
  let refiners: [String]
  let loras: [String]
  let embeddings: [String]

  init(_ project: ProjectFolder) {
    let installed = BaseModels(project) { _ in }.all
    models = installed.filter { $0.kind == .base }.map(\.name)
    refiners = installed.filter { $0.kind == .refiner }.map(\.name)
    loras = project.adapterFiles
    embeddings = project.embeddingFiles
  }
}
