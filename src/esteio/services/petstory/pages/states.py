"""What each state of an order means to its customer, and what to do then."""

from collections.abc import Mapping
from typing import Final

from esteio.services.petstory.schemas import Language
from esteio.services.petstory.states import State

Meaning = tuple[str, str]

MEANINGS: Final[Mapping[Language, Mapping[State, Meaning]]] = {
    "pt-BR": {
        "draft": ("Faltam as fotos", "Envie as fotos para continuar o pedido."),
        "photos_uploaded": ("As fotos chegaram", "O próximo passo é pedir a prévia."),
        "preview_queued": ("Estamos desenhando a prévia", "Esta página se atualiza sozinha."),
        "preview_ready": ("A prévia está pronta", "Gostou? O próximo passo é o pagamento."),
        "preview_failed": ("Não conseguimos desenhar a prévia", "Troque a primeira foto e peça a prévia de novo."),
        "checkout_created": (
            "Aguardando o pagamento",
            "Se você acabou de pagar, espere um instante: esta página se atualiza sozinha.",
        ),
        "payment_pending": (
            "O pagamento está em andamento",
            "Assim que o Mercado Pago confirmar, começamos o livro. Não é preciso pagar de novo.",
        ),
        "payment_rejected": ("O pagamento não foi aprovado", "Nada foi cobrado. Você pode tentar de novo."),
        "paid": ("Pagamento confirmado", "O livro começa a ser feito agora mesmo."),
        "producing": ("Estamos fazendo o livro", "Enviaremos por e-mail assim que estiver pronto."),
        "produced": ("O livro está pronto", "O e-mail está a caminho; o livro já pode ser baixado aqui."),
        "production_failed": (
            "Ainda não conseguimos fazer o livro",
            "Se uma foto precisar ser trocada, avisamos por e-mail. Se o livro não puder ser feito, devolvemos tudo.",
        ),
        "emailed": ("O livro foi enviado por e-mail", "Ele também pode ser baixado aqui."),
        "email_failed": ("O livro está pronto, mas o e-mail não chegou", "Baixe o livro aqui mesmo."),
        "delivered": ("O livro é seu", "Você pode baixá-lo de novo enquanto ele estiver guardado."),
        "refunded": ("O valor foi devolvido", "O Mercado Pago diz quando ele aparece na sua conta ou fatura."),
        "charged_back": ("O pagamento foi contestado", "O livro e os endereços deste pedido não valem mais."),
        "expired": ("Este pedido foi encerrado", "As fotos foram apagadas e nada foi cobrado. Comece outro pedido."),
    },
    "en": {
        "draft": ("The photos are missing", "Send the photos to go on with the order."),
        "photos_uploaded": ("The photos have arrived", "The next step is to ask for the preview."),
        "preview_queued": ("The preview is being drawn", "This page keeps itself fresh."),
        "preview_ready": ("The preview is ready", "Do you like it? The next step is the payment."),
        "preview_failed": (
            "The preview could not be drawn",
            "Send another first photo, and ask for the preview again.",
        ),
        "checkout_created": (
            "Waiting for the payment",
            "If you have just paid, wait a moment: this page keeps itself fresh.",
        ),
        "payment_pending": (
            "The payment is under way",
            "The book is begun as soon as Mercado Pago confirms it. There is no need to pay again.",
        ),
        "payment_rejected": ("The payment was not approved", "Nothing was charged. You can try again."),
        "paid": ("The payment is confirmed", "The book is begun right now."),
        "producing": ("The book is being made", "It is sent by e-mail as soon as it is ready."),
        "produced": ("The book is ready", "The e-mail is on its way; the book can be downloaded here already."),
        "production_failed": (
            "The book could not be made yet",
            "If a photo has to be replaced we tell you by e-mail. If the book cannot be made you get the money back.",
        ),
        "emailed": ("The book was sent by e-mail", "It can be downloaded here as well."),
        "email_failed": ("The book is ready, but the e-mail did not arrive", "Download the book right here."),
        "delivered": ("The book is yours", "You can download it again as long as it is kept."),
        "refunded": ("The money was given back", "Mercado Pago tells when it appears on your account or statement."),
        "charged_back": (
            "The payment was disputed",
            "The book and the addresses of this order are not valid any more.",
        ),
        "expired": ("This order has ended", "The photos are deleted and nothing was charged. Begin another order."),
    },
    "es": {
        "draft": ("Faltan las fotos", "Envía las fotos para seguir con el pedido."),
        "photos_uploaded": ("Las fotos han llegado", "El siguiente paso es pedir la vista previa."),
        "preview_queued": ("Estamos dibujando la vista previa", "Esta página se actualiza sola."),
        "preview_ready": ("La vista previa está lista", "¿Te gusta? El siguiente paso es el pago."),
        "preview_failed": (
            "No pudimos dibujar la vista previa",
            "Cambia la primera foto y pide la vista previa otra vez.",
        ),
        "checkout_created": (
            "Esperando el pago",
            "Si acabas de pagar, espera un momento: esta página se actualiza sola.",
        ),
        "payment_pending": (
            "El pago está en curso",
            "En cuanto Mercado Pago lo confirme empezamos el libro. No hace falta pagar otra vez.",
        ),
        "payment_rejected": ("El pago no fue aprobado", "No se cobró nada. Puedes intentarlo otra vez."),
        "paid": ("Pago confirmado", "El libro se empieza ahora mismo."),
        "producing": ("Estamos haciendo el libro", "Lo enviaremos por correo en cuanto esté listo."),
        "produced": ("El libro está listo", "El correo está en camino; el libro ya se puede descargar aquí."),
        "production_failed": (
            "Todavía no pudimos hacer el libro",
            "Si hay que cambiar una foto, avisamos por correo. Si el libro no se puede hacer, devolvemos el importe.",
        ),
        "emailed": ("El libro fue enviado por correo", "También se puede descargar aquí."),
        "email_failed": ("El libro está listo, pero el correo no llegó", "Descarga el libro aquí mismo."),
        "delivered": ("El libro es tuyo", "Puedes descargarlo otra vez mientras esté guardado."),
        "refunded": ("El importe fue devuelto", "Mercado Pago indica cuándo aparece en tu cuenta o resumen."),
        "charged_back": ("El pago fue impugnado", "El libro y las direcciones de este pedido ya no son válidos."),
        "expired": ("Este pedido ha terminado", "Las fotos se borraron y no se cobró nada. Empieza otro pedido."),
    },
}

REFRESHED: Final[Mapping[State, int]] = {
    "preview_queued": 5,
    "checkout_created": 10,
    "payment_pending": 20,
    "paid": 5,
    "producing": 5,
    "produced": 15,
}
"""Seconds after which the page of an order that is under way is looked at again."""

FAILED: Final[frozenset[State]] = frozenset({"preview_failed", "production_failed", "email_failed"})
"""States whose reason is worth showing."""
