"""Words for columns: what a field may be called, in English, French, Arabic and Tamazight."""

from __future__ import annotations

import re
from functools import lru_cache

from data.intake.wordlists import names
from geo.names import plain

#: Field → titles that mean it, parted by bars. The first fields in the list go first where one
#: title stands in two of them.
_WORDS: dict[str, str] = {
    "place_id": """place_id|place id|hcp code|code hcp|pcode|p-code|p code|place code|code douar|
        code du douar|code localité|site id|site code|ssid|hlcit|hlcit code|code lieu|رمز الدوار|
        رمز المكان|code""",
    "place": """place|douar|village|name|nom|location|locality|town|hamlet|site|site name|
        localité|lieu|nom du douar|nom douar|nom du village|nom du lieu|settlement|
        affected village|village name|douar name|name of village|place name|localisation|endroit|
        vdc|vdc name|lieu de la demande|lieu d'intervention|lieu de distribution|
        distribution site|adm4|admin4|admin 4|دوار|الدوار|اسم الدوار|المكان|القرية|اسم القرية|
        الموقع|المنطقة|اسم المكان|ⴰⴷⵡⵡⴰⵔ|ⴷⵓⵡⵡⴰⵔ|ⴰⴷⵖⴰⵔ|ⵉⵙⵎ ⵏ ⵓⴷⵡⵡⴰⵔ|ⵉⵙⵎ ⵏ ⵓⴷⵖⴰⵔ|ⵉⵖⵔⵎ|
        adghar|adwar""",
    "commune": """commune|municipality|commune rurale|commune name|nom de la commune|nom commune|
        nom commune fr|adm3|admin3|admin 3|admin3 name|adm3 name|collectivité|local council|
        جماعة|الجماعة|الجماعة الترابية|الجماعة القروية|اسم الجماعة|البلدية|ⵜⴰⵖⵉⵡⴰⵏⵜ|taghiwant|
        home l3|l3""",
    "province": """province|préfecture|district|department|département|adm2|admin2|admin 2|
        admin2 name|adm2 name|home l2|l2|province name|إقليم|الإقليم|العمالة|الاقليم|
        departamento provincia estado|ⵜⴰⵙⴳⴰ|ⴰⵙⴳⴰ""",
    "region": """region|région|adm1|admin1|admin 1|admin1 name|adm1 name|state province|home l1|l1|
        الجهة|جهة|ⵜⴰⵎⵏⴰⴹⵜ""",
    "country": "country|pays|país|home country|nation|iso3|country code|الدولة|البلد|بلد",
    "commune_code": "commune code|code commune|adm3 code|admin3 pcode|adm3 pcode|رمز الجماعة",
    "ward": "ward|quartier|neighbourhood|secteur administratif|cercle|caïdat|الحي",
    "name_ar": "name_ar|nom arabe|nom ar|arabic name|nom en arabe|الاسم|الاسم بالعربية",
    "kind": "kind|place_type|place type|type de lieu|type of place|type de localité|نوع المكان",
    "people": """people|population|habitants|nombre d'habitants|persons|individuals|
        number of people|nombre de personnes|personnes|affected|affected people|number affected|
        people affected|personnes affectées|sinistrés|total ind|inhabitants|pop|
        عدد السكان|السكان|عدد الأشخاص|الأشخاص|عدد المتضررين|ⵉⵎⵣⴷⴰⵖⵏ|ⵎⴷⴷⵏ|ⵓⵟⵟⵓⵏ ⵏ ⵎⴷⴷⵏ""",
    "households": """households|hh|hhs|families|familles|ménages|foyers|number of households|
        nombre de ménages|nombre de foyers|nombre de familles|nb ménages|no hh|total hh|
        no of families|عدد الأسر|الأسر|الأسر المتضررة|عدد العائلات|ⵜⴰⵡⵊⵉⵡⵉⵏ|ⵓⵟⵟⵓⵏ ⵏ ⵜⵡⵊⵉⵡⵉⵏ""",
    "lon": """lon|lng|long|longitude|x|x coord|gps longitude|point longitude|location longitude|
        geopoint longitude|longitude e|coord x|خط الطول|ⵜⴰⵖⵣⵉ|gps lon""",
    "lat": """lat|latitude|y|y coord|gps latitude|point latitude|location latitude|
        geopoint latitude|latitude n|coord y|خط العرض|ⵜⴰⵔⵓⵔⵜ|gps lat""",
    "altitude": """altitude|elevation|elevation m|gps altitude|point altitude|location altitude|
        geopoint altitude|الارتفاع|alt""",
    "precision": """precision|accuracy|gps precision|point precision|location precision|
        geopoint precision""",
    "position": """position|coordinates|coordinate|coordonnées|coordonnées gps|coordonnee|gps|
        gps coordinates|gps point|gps position|point gps|lat lon|lat/lon|lat long|latlon|
        latitude longitude|plus code|lien maps|lien google maps|google maps link|map link|
        geolocation|géolocalisation|geopoint|point|utm|mgrs|coords|location gps|
        الإحداثيات|إحداثيات|احداثيات الموقع|رابط الموقع|ⵉⵎⵙⵉⴷⴰⵖⵏ|gps link""",
    "item": """item|items needed|item name|article|besoin|besoins|need|needs|produit|product|
        type de besoin|nature du besoin|type of need|needed item|what is needed|type of aid|
        aid type|type d'aide|aide demandée|relief item|commodity|matériel|désignation|denrée|
        marchandise|libellé|what|material|nfi|nfi type|assistance type|type of assistance|
        المادة|المواد|الحاجة|الحاجيات|الاحتياج|الاحتياجات|نوع المساعدة|نوع الحاجة|الصنف|البضاعة|
        المساعدة|ⵜⴰⵖⴰⵡⵙⴰ|ⵜⵉⵖⴰⵡⵙⵉⵡⵉⵏ|ⵎⴰⵢ ⵉⵅⵚⵚⴰⵏ|ⴰⵢⵏⴰ ⵉⵅⵚⵚⴰⵏ|ⵜⵓⵜⵜⵔⴰ|taghawsa""",
    "item_code": "item code|sku|article code|code article|reference article|رمز المادة",
    "category": """category|item category|catégorie|famille d'articles|item group|category name|
        الفئة|التصنيف""",
    "category_code": "category code|code catégorie",
    "catalogue": "catalog|catalogue",
    "quantity": """quantity|quantité|quantités|qté|qte|qty|nombre|number|count|amount|how many|
        combien|quantity needed|quantité demandée|quantité nécessaire|nombre d'unités|units|
        no of items|number of items|number of units|quantity requested|needed|requested|demandé|
        quantité livrée|quantity delivered|delivered|livré|on hand|in stock|en stock|
        stock disponible|quantité disponible|quantity in stock|no actions|no of actions|
        الكمية|العدد|الكمية المطلوبة|العدد المطلوب|كمية|عدد|الكمية المتوفرة|
        ⵓⵟⵟⵓⵏ|ⵜⴰⵙⵎⴽⵜⴰ|ⵎⵛⵜⴰ|uttun|nb|nbre|#""",
    "unit": """unit|unité|unités|unit of measure|unité de mesure|uom|mesure|measure|unit type|
        الوحدة|وحدة|وحدة القياس|ⵜⴰⵢⵓⵏⵜ|ⴰⴼⵔⴷⵉⵙ""",
    "pack": "pack|packaging|conditionnement|emballage|pack size|pack2|pack3|التعبئة",
    "pack_quantity": """pack quantity|units per pack|unités par colis|pack2 quantity|
        pack3 quantity|per pack""",
    "weight": """weight|urgency|urgence|priority|priorité|niveau d'urgence|degré d'urgence|
        severity|sévérité|urgency level|الأولوية|درجة الاستعجال|الاستعجال|مستعجل|ⵜⴰⵣⵡⵓⵔⵉ""",
    "destroyed": """destroyed|houses destroyed|homes destroyed|détruits|maisons détruites|
        maisons effondrées|habitations détruites|collapsed|collapsed houses|fully damaged|
        المنازل المهدمة|المنازل المنهارة|المنازل المدمرة|عدد المنازل المنهارة|منازل منهارة|
        ⵜⵉⴳⵎⵎⴰ ⵉⵔⴷⵍⵏ""",
    "damaged": """damaged|houses damaged|homes damaged|endommagés|maisons endommagées|
        habitations endommagées|partially damaged|partially damaged houses|maisons fissurées|
        المنازل المتضررة|منازل متضررة|المنازل المتضررة جزئيا|ⵜⵉⴳⵎⵎⴰ ⵉⵅⵙⵔⵏ""",
    "total": """total|houses in all|houses|total houses|maisons|total maisons|nombre de maisons|
        number of houses|habitations|maisons en tout|عدد المنازل|مجموع المنازل|ⵜⵉⴳⵎⵎⴰ ⴰⴽⴽⵯ""",
    "start_at": """start date|first day of the work|premier jour du travail|start|startdate|
        date début|date de début|begin|from date|
        project start|date start|تاريخ البداية|تاريخ البدء|أول يوم من العمل|ⴰⵙⵙ ⴰⵎⵣⵡⴰⵔⵓ ⵏ ⵜⵡⵓⵔⵉ""",
    "end_at": """end date|last day of the work|dernier jour du travail|end|enddate|date fin|
        date de fin|to date|project end|date end|
        تاريخ النهاية|تاريخ الانتهاء|آخر يوم من العمل|ⴰⵙⵙ ⴰⵎⴳⴳⴰⵔⵓ ⵏ ⵜⵡⵓⵔⵉ""",
    "until": """until|until when|jusqu'au|jusqu'à quand|fin|jusque|closed until|fermé jusqu'au|
        إلى غاية|حتى|إلى متى|ⴰⵔ ⵎⴰⵏⵜⵓⵔ""",
    "reported_at": """reported_at|date|time|reported at|date du rapport|report date|
        date of report|date signalement|date de signalement|date de la demande|datetime|
        timestamp|submission time|date et heure|request date|date reported|day|jour|heure|
        delivery date|date de livraison|observed at|when|quand|cuándo|last update|updated|
        date of distribution|date de distribution|
        التاريخ|تاريخ|تاريخ التبليغ|تاريخ الطلب|تاريخ التسليم|الوقت|اليوم|ⴰⵙⴰⴽⵓⴷ|ⴰⵣⵎⵣ|ⴰⵙⵙ|azemz""",
    "note": """note|notes|obs|remark|remarks|remarque|remarques|comment|comments|commentaire|
        commentaires|observation|observations|details|détails|message|precisions|
        additional information|availability comments|ملاحظة|ملاحظات|تعليق|ⵜⴰⵣⵎⵉⵍⵜ|ⵜⵉⵣⵎⵉⵍⵉⵏ""",
    "description": "description|desc|activity description|description de l'activité|الوصف",
    "depot": """depot|dépôt|warehouse|entrepôt|hub|magasin|storage site|lieu de stockage|
        warehouse name|nom du dépôt|store|base logistique|المستودع|مستودع|المخزن|مخزن|
        ⴰⵎⵖⵓⵣ|ⵜⵉⵃⵓⵏⴰ""",
    "vehicle": """vehicle|vehicle_id|véhicule|immatriculation|plate|number plate|plate number|
        registration|plaque|matricule|camion|truck|vehicle id|المركبة|رقم المركبة|الشاحنة|
        رقم اللوحة|لوحة الترقيم|ⵜⴰⵎⵙⵙⵓⴷⵓⵜ|ⵜⴰⴽⵔⵓⵙⵜ""",
    "class": """class|vehicle_class|classe|vehicle class|vehicle type|type de véhicule|
        type of vehicle|type véhicule|catégorie de véhicule|نوع المركبة|نوع الشاحنة|صنف المركبة|
        ⴰⵏⴰⵡ ⵏ ⵜⵎⵙⵙⵓⴷⵓⵜ""",
    "type": "type|النوع|nature|ⴰⵏⴰⵡ",
    "capacity_kg": """capacity_kg|capacité kg|kg|payload_kg|payload|charge utile|
        charge utile kg|capacity|capacité|capacity in kg|capacité en kg|tonnage|max load|الحمولة|
        الحمولة بالكيلوغرام|ⵜⴰⵣⵎⵔⵜ ⵙ ⴽⵉⵍⵓⴳⵔⴰⵎ|الحمولة كلغ|السعة""",
    "capacity_m3": """capacity_m3|capacité m3|m3|volume_m3|volume|volume m3|capacity in m³|
        capacité en m³|
        الحجم|الحجم م3|السعة بالمتر المكعب|ⵜⴰⵣⵎⵔⵜ ⵙ m³""",
    "shift_h": """shift_h|shift|shift hours|hours a day|hours of work a day|
        heures de travail par jour|hours per day|driver hours|driving hours|
        durée de service|heures de service|heures par jour|heures de conduite|temps de service|
        ساعات العمل|ساعات السياقة|مدة الخدمة|
        ساعات العمل في اليوم|ⵜⵉⵙⵔⴰⴳⵉⵏ ⵏ ⵜⵡⵓⵔⵉ|ⵜⵉⵙⵔⴰⴳⵉⵏ ⵏ ⵜⵡⵓⵔⵉ ⴳ ⵡⴰⵙⵙ""",
    "speed_factor": """speed_factor|speed for one of its class|vitesse par rapport à sa catégorie|
        السرعة مقارنة بفئتها|ⵜⴰⵣⵣⵍⴰ ⵙ ⵓⵙⵎⵣⴰⵣⴰⵍ ⴰⴽⴷ ⵜⵙⵎⵉⵍⵜ ⵏⵏⵙ|speed factor|relative speed|
        speed share|facteur de vitesse|
        vitesse relative|coefficient de vitesse|معامل السرعة|السرعة النسبية|ⴰⵎⴰⵙⴽⴰⵍ ⵏ ⵜⴰⵣⵣⵍⴰ""",
    "crew": """crew|people who unload|personnes qui déchargent|عدد من يفرغون الحمولة|
        ⵎⴷⴷⵏ ⵏⵏⴰ ⵙⵔⵓⵙⵏ ⵜⴰⵔⵡⴰⵜ|crew size|handlers|loaders|people on board|équipage|
        taille de l'équipage|
        manutentionnaires|nombre de manutentionnaires|الطاقم|عدد أفراد الطاقم|عدد الحمالين|
        ⵜⴰⵔⴱⵉⵄⵜ ⵏ ⵓⵙⵔⵙⵉ""",
    "together": """together|travels with|travel together|convoy group|escort group|escort|
        voyagent ensemble|voyage avec|roule avec|groupe de convoi|groupe d'escorte|escorte|
        يسير مع|تسير مع|ⴷⴷⵓⵏⵜ ⵎⵓⵏⵏⵜ|مجموعة المرافقة|مجموعة القافلة|المرافقة|ⴷⵉⵎⴰ ⴰⴽⴷ|
        ⵜⴰⵔⴰⴱⴱⵓⵜ ⵏ ⵜⵇⴰⴼⵉⵍⵜ""",
    "driver": "driver|driver name|chauffeur|conducteur|nom du chauffeur|السائق|اسم السائق",
    "volunteer": """volunteer|volunteer_id|bénévole|volontaire|volunteer code|code bénévole|
        code volontaire|volunteer id|المتطوع|رقم المتطوع|رمز المتطوع|ⴰⵎⵡⴰⵣⵉ|
        ⵜⴰⵏⴳⴰⵍⵜ ⵏ ⵓⵎⵡⴰⵣⵉ""",
    "first_name": "first name|prénom|given name|forename|الاسم الشخصي",
    "last_name": "last name|surname|family name|nom de famille|الاسم العائلي|النسب",
    "person_type": "persontype|person type",
    "sex": "sex|sexe|gender|genre|الجنس",
    "birth": "dob|date of birth|birth date|date de naissance|تاريخ الازدياد|تاريخ الميلاد",
    "occupation": "occupation|occupation type|profession|métier|job|job title|المهنة|الوظيفة",
    "team": "team|teams|équipe|équipes|الفريق",
    "skills": "skills|compétences|skill|aptitudes|competences|المهارات|ⵜⵉⵣⵎⵎⴰⵔ",
    "languages": "languages|langues|spoken languages|langues parlées|اللغات|ⵜⵓⵜⵍⴰⵢⵉⵏ",
    "availability": """availability|disponibilité|availability weekly hours|hours available|
        available|disponible|التوفر""",
    "edge": """edge|edge_id|tronçon|edge id|segment|edge id of a road|identifiant du tronçon|
        معرّف مقطع الطريق|ⴰⵙⵎⵎⴰⵍ ⵏ ⵓⴳⵣⵣⵓⵎ ⵏ ⵓⴱⵔⵉⴷ""",
    "road": """road|route|ref|road name|nom de la route|axe|road number|n° route|numéro de route|
        الطريق|رقم الطريق|اسم الطريق|ⴰⴱⵔⵉⴷ|ⵓⵟⵟⵓⵏ ⵏ ⵓⴱⵔⵉⴷ|abrid""",
    "state": """state|état|state of the road|road status|état de la route|road state|passability|
        praticabilité|
        access|accès|condition|حالة الطريق|الوضع|ⴰⴷⴷⴰⴷ|ⴰⴷⴷⴰⴷ ⵏ ⵓⴱⵔⵉⴷ""",
    "status": """status|state of the work|état du travail|statut|activity status|project status|
        état d'avancement|الحالة|
        حالة الطلب|الوضعية|حالة العمل|ⴰⴷⴷⴰⴷ ⵏ ⵜⵡⵓⵔⵉ""",
    "reason": "reason|raison|cause|motif|السبب|obstacle|ⵜⴰⵎⵏⵜⵉⵍⵜ",
    "classes": """classes|vehicle classes|véhicules concernés|for vehicles|vehicles affected|
        vehicle classes that are kept out|classes de véhicules exclues|أصناف المركبات الممنوعة|
        ⴰⵏⴰⵡⵏ ⵏ ⵜⵎⵙⵙⵓⴷⵓⵜⵉⵏ ⵉⵜⵜⵓⴳⴷⵍⵏ""",
    "organisation": """organisation|organization|org|organización|agency|agence|ngo|ong|
        association|lead organisation|organisation name|who|quién|reporting organisation|
        nom de l'association|nom de l'ong|المنظمة|منظمة|ⵜⴰⵎⵙⵙⵓⴷⵙⵜ|الجمعية|الهيئة|اسم الجمعية|
        ⵜⴰⵎⵙⵙⵎⵓⵏⵜ|tamesmunt""",
    "implementer": """implementing partner|implementer|impl ag|partner|partenaire|
        implementing agency|partenaire de mise en oeuvre|الشريك|الشريك المنفذ|
        organisation that does it|organisation qui agit|المنظمة المنفذة|ⵜⴰⵎⵙⵙⵎⵓⵏⵜ ⵏⵏⴰ ⵉⵙⴽⵔⵏ""",
    "funder": """funder|donor|donateur|bailleur|src ag|source agency|supplier donor|supplier|
        fournisseur|funding agency|الممول|المانح|المتبرع|ⴰⵎⴰⴽⴽⴰⵢ""",
    "branch": "branch|antenne|section|الفرع",
    "sector": """sector|secteur|cluster|sector cluster|subsector|sub-sector|sub sector|
        sous-secteur|sector/cluster|القطاع|المجال|ⴰⵙⴽⵓⵔ""",
    "activity": """activity|activité|action|activity type|type of activity|type d'activité|
        intervention|النشاط|نوع النشاط|ⵜⵓⵔⵎⵎⴰ""",
    "modality": "modality|modalité|delivery modality|الطريقة",
    "target": """target|target group|cible|population cible|beneficiary type|
        type de bénéficiaires|الفئة المستهدفة|target population""",
    "targeted": """targeted|people targeted|beneficiaries targeted|planned beneficiaries|
        bénéficiaires prévus|men|women|hombres|mujeres|hommes|femmes|المستهدفون""",
    "reached": """reached|people reached|beneficiaries|bénéficiaires|beneficiaries reached|
        bénéficiaires atteints|nombre de bénéficiaires|عدد المستفيدين|المستفيدون|
        personnes atteintes|الأشخاص المستفيدون|ⵎⴷⴷⵏ ⵏⵏⴰ ⵉⵍⴽⵎⵏ""",
    "families_per_item": "familes2items|families2items",
    "sender": """sender|reported by|reporter|signalé par|rapporteur|enumerator|enquêteur|
        المبلغ|المرسل""",
    "contact": """contact|contact name|focal point|point focal|contact person|
        personne de contact|nom du contact|person in charge|responsable|
        الشخص المسؤول|جهة الاتصال""",
    "phone": """phone|telephone|téléphone|tel|tél|mobile|mobile phone|phone number|gsm|whatsapp|
        numéro de téléphone|contact phone|الهاتف|رقم الهاتف|هاتف|ⵜⵉⵍⵉⴼⵓⵏ|ⴰⵟⵉⵍⵉⴼⵓⵏ""",
    "email": "email|e-mail|mail|courriel|contact email|البريد الإلكتروني",
    "authority": "authority|autorité|السلطة",
    "address": "address|adresse|rue|street|home l4|العنوان",
    "postcode": "postcode|postal code|code postal|zip|home postcode",
    "building": "building|bâtiment|المبنى",
    "reported_from": """reported from|signalé depuis|reporter location|lieu du rapporteur|
        my location|المبلغ من""",
    "cost": """cost|coût|ave cost|unit cost|unit value|prix|price|valeur unitaire|amount usd|
        budget|الثمن|التكلفة""",
    "currency": "currency|devise|monnaie|العملة",
    "tracking": "tracking number|tracking|رقم التتبع",
    "expires_at": """expiry|last day|dernier jour|آخر يوم|ⴰⵙⵙ ⴰⵎⴳⴳⴰⵔⵓ|expiry date|
        date d'expiration|expiration|expiration date|péremption|
        date de péremption|best before|use by|dlc|ddm|تاريخ الصلاحية|تاريخ انتهاء الصلاحية""",
    "lot": """lot|lot number|lot no|lot code|batch|batch number|n° lot|n° de lot|numéro de lot|
        رقم الدفعة|الدفعة|ⵜⴰⵔⴱⵉⵄⵜ""",
    "convoy": "convoy|convoi|convoy id|convoi id|caravane|القافلة|ⵜⴰⵇⵏⵇⴰⵡⵜ",
    "expected": """expected|what was to come|ce qui devait venir|ما كان سيصل|ⵎⴰⵢⴷ ⵉⵅⵚⵚⴰⵏ ⴰⴷ ⵉⵍⴽⵎ|
        attendu|quantité attendue|expected quantity|quantité prévue|
        planned quantity|quantity sent|quantité envoyée|الكمية المتوقعة|الكمية المرسلة""",
    "verified": "verified|vérifié|confirmé|confirmed|validated|تم التحقق|مؤكد",
    "source": "source|source d'information|information source|المصدر",
    "reference": """id|uuid|index|ref id|record id|record|registro|serial|serial number|n|no|
        numéro|reference|référence|instanceid|submission id|الرقم|رقم|ر ت|ⵓⵟⵟⵓⵏ ⵏ ⵓⵙⴷⴷⴰⵔ|row|#id|
        parent index|submission uuid|nº""",
    "form": """deviceid|device id|formhub uuid|xform id string|version|submitted by|username|
        simserial|phonenumber collector|today|parent table name|meta instanceid|meta instancename|
        form version|submission tags|submission notes|submission validation status""",
}

_ENUMERATION = re.compile(
    r"^\s*(?:\d{1,2}(?:\.[a-z0-9]{1,2}){1,4}\s*|(?:[A-Za-z]?\d{1,3}\s*[.):\-]+|[a-zA-Z][.)])\s+)"
)
_BRACKETS = re.compile(r"[(\[{][^)\]}]*[)\]}]|\*")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ARTICLES = re.compile(r"\b(?:the|of|de|du|des|la|le|les|d|l|a|au|aux|en|in|for|pour)\b")


def fold(title: str) -> str:
    """Fold a title to the form titles are compared in.

    >>> fold("1. Quantité demandée*") == fold("quantite_demandee")
    True
    """
    bare = _ENUMERATION.sub("", _BRACKETS.sub(" ", title)).strip() or title
    # A leading word keeps `plain` from taking "douar" and "commune" off, which here are the title.
    return plain("x " + bare)[2:]


@lru_cache(maxsize=1)
def words() -> dict[str, str]:
    """Folded title → field."""
    found: dict[str, str] = {}
    for field, titles in _WORDS.items():
        for title in (field, *names(titles)):
            found.setdefault(fold(title), field)
    # "2 000 m³" is one thing, "#" another; what folds to nothing means nothing.
    found.pop("", None)
    return found


@lru_cache(maxsize=1)
def bare_words() -> dict[str, str]:
    """Folded title without articles → field."""
    return {without_articles(title): field for title, field in reversed(words().items())}


def without_articles(folded: str) -> str:
    """A folded title without its little words."""
    return " ".join(_ARTICLES.sub(" ", folded).split())


def forms(title: str) -> list[str]:
    """The ways to read a title: whole, in its lines and languages, the last part of its group.

    >>> [fold("besoin") in map(fold, forms(title)) for title in ("grp_a/besoin", "Need / Besoin")]
    [True, True]
    """
    spaced = _CAMEL.sub(" ", title)
    parts = [title, spaced]
    for mark in ("/", "|", " - ", ":", "\\", "."):
        if mark in title:
            parts += [part for part in reversed(title.split(mark)) if part.strip()]
    bracket = re.search(r"[(\[]([^)\]]+)[)\]]", title)
    if bracket:
        parts.append(bracket[1])
    return list(dict.fromkeys(parts))


FIELDS: tuple[str, ...] = tuple(_WORDS)
